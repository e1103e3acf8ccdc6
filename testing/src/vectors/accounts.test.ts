import { accountFromPem, accountFromPrivateKey, encodePrivateKeyPem } from "@tsbcos/sdk";
import { expect, test } from "vitest";
import { CHAIN_NAMES, loadChain } from "./load.js";

test.each(CHAIN_NAMES)(
  "%s: the keys of the senders give their recorded addresses, by way of a key file too",
  (name) => {
    const chain = loadChain(name);
    const accounts = Object.values(chain.accounts());
    expect(accounts.length).toBeGreaterThan(0);
    for (const { key, address } of accounts) {
      const account = accountFromPrivateKey(key, chain.suite);
      expect(account.address).toBe(address);
      expect(accountFromPem(encodePrivateKeyPem(account)).address).toBe(address);
    }
  },
);
