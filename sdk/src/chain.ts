/** What a client learns about a chain when it connects. */
import { CodedError } from "@tsbcos/core/primitives";
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { parseSupportedVersion, type SupportedVersion } from "@tsbcos/core/protocol";
import type { Account } from "./accounts/account.js";
import { Heads } from "./rpc/heads.js";
import type { Transport } from "./rpc/transport.js";
import type { RpcClientVersion } from "./rpc/types.js";

/** A chain that was connected to. */
export interface Chain {
  readonly transport: Transport;
  /** Hash and signatures: Keccak-256 with secp256k1, or SM3 with SM2. */
  readonly suite: CryptoSuite;
  readonly chainId: bigint;
  /** Rules of the chain, which may be older than the software. */
  readonly supportedVersion: SupportedVersion;
  /** The node's own words on its versions. */
  readonly version: RpcClientVersion;
  /** Heights, shared by all clients of the connection. */
  readonly heads: Heads;
}

/** Asks a node which chain it is of. @throws ConnectionError; CodedError `unknown-chain` */
export async function readChain(transport: Transport): Promise<Chain> {
  const version = (await transport.request("getClientVersion", [])) as RpcClientVersion;
  const software = String(version["FISCO-BCOS Version"]);
  const supported = parseSupportedVersion(String(version["Supported Version"]));
  const chainId = String(version["Chain Id"]);
  if (!supported.ok || !/^\d+$/.test(chainId)) {
    throw new CodedError(
      "unknown-chain",
      `The node is of no chain that is understood here: version "${software}", supported version "${version["Supported Version"]}", chain id "${chainId}".`,
    );
  }
  return {
    transport,
    suite: software.includes("gm") ? smSuite : standardSuite,
    chainId: BigInt(chainId),
    supportedVersion: supported.value,
    version,
    heads: new Heads(transport),
  };
}

/** Throws when the account's keys are of the other kind than the chain's. @throws CodedError `wrong-account` */
export function demandSameSuite(chain: Chain, account: Account): void {
  if (account.suite.name === chain.suite.name) return;
  const kind = (suite: CryptoSuite): string => (suite.name === "sm" ? "SM2" : "secp256k1");
  throw new CodedError(
    "wrong-account",
    `Account ${account.address} has a ${kind(account.suite)} key, and the chain signs with ${kind(chain.suite)}. ` +
      `Make an account for this chain, with createAccount(chain.suite) or \`tsbcos account new${chain.suite.name === "sm" ? " --sm" : ""}\`.`,
  );
}
