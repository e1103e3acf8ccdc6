/** Gas of accounts, on chains that charge for it. */
import type { GasOutcome } from "@tsbcos/sdk";
import { codeAnswer, EMPTY_SET, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { SEPARATOR } from "../print.js";

const family = "gas";
const account = { name: "accountAddress", kind: "account" } as const;
const amount = { name: "gas", kind: "gas" } as const;
const EXAMPLE = "0x0102030405060708090a0b0c0d0e0f1011121314";

function remainingAnswer({ code, receipt, remaining }: GasOutcome): Outcome {
  return {
    text: [
      `TransactionHash:${receipt.transactionHash}`,
      "description: transaction executed successfully",
      SEPARATOR,
      "Return message: Success",
      `Return values: [${code},${remaining}]`,
      SEPARATOR,
    ],
    value: { code, remainGas: remaining, transactionHash: receipt.transactionHash, blockNumber: receipt.blockNumber },
  };
}

/** Commands on gas. */
export const GAS_COMMANDS: readonly Command[] = [
  {
    name: "chargeGas",
    family,
    about: "Give gas to an account",
    arguments: [account, amount],
    examples: [`chargeGas ${EXAMPLE} 1000000`],
    run: async ({ client }, [who = "", gas = ""]) => remainingAnswer(await client.gas.charge(who, BigInt(gas))),
  },
  {
    name: "deductGas",
    family,
    about: "Take gas from an account",
    arguments: [account, amount],
    examples: [`deductGas ${EXAMPLE} 1000`],
    run: async ({ client }, [who = "", gas = ""]) => remainingAnswer(await client.gas.deduct(who, BigInt(gas))),
  },
  {
    name: "queryRemainGas",
    family,
    about: "Show how much gas an account has left",
    arguments: [account],
    examples: [`queryRemainGas ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => {
      const remaining = await client.gas.remaining(who);
      return textAnswer(
        { account: who, remainGas: remaining },
        SEPARATOR,
        "* queryRemainGas",
        SEPARATOR,
        `* accountAddress: ${who}`,
        `* remainGas: ${remaining}`,
        SEPARATOR,
      );
    },
  },
  ...(["grantCharger", "revokeCharger"] as const).map((name): Command => ({
    name,
    family,
    about: name === "grantCharger" ? "Let an account give and take gas" : "No longer let an account give and take gas",
    arguments: [account],
    examples: [`${name} ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => {
      const { text, value } = codeAnswer(await client.gas[name](who));
      const label = name === "grantCharger" ? "grantedAddress" : "revokedAddress";
      return {
        text: [SEPARATOR, `* ${name}`, SEPARATOR, `${label}: ${who}`, SEPARATOR, "* result:", ...text],
        value,
      };
    },
  })),
  {
    name: "listChargers",
    family,
    about: "Show who may give and take gas",
    arguments: [],
    examples: ["listChargers"],
    run: async ({ client }) => {
      const chargers = (await client.gas.chargers()).map((one) => one.toLowerCase());
      const lines = chargers.map((charger) => `* ${charger}`);
      return textAnswer(
        chargers,
        SEPARATOR,
        "* listChargers",
        SEPARATOR,
        ...(chargers.length === 0 ? [EMPTY_SET] : [...lines, SEPARATOR]),
      );
    },
  },
];
