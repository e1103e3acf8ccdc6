/** Contracts frozen and made available again, and who may do it. */
import type { LifeCycleService, PrecompiledOutcome } from "@tsbcos/sdk";
import { codeAnswer, EMPTY_SET, textAnswer } from "../answers.js";
import type { Command } from "../command.js";

const family = "life cycle of contracts";
const contract = { name: "contractAddress", kind: "contract-address" } as const;
const account = { name: "accountAddress", kind: "account" } as const;
const EXAMPLE = "0x0102030405060708090a0b0c0d0e0f1011121314";

/** A command that changes something about one contract. */
function change(
  name: string,
  about: string,
  run: (lifeCycle: LifeCycleService, contract: string, account: string) => Promise<PrecompiledOutcome>,
  withAccount: boolean,
): Command {
  return {
    name,
    family,
    about,
    arguments: withAccount ? [contract, account] : [contract],
    examples: [`${name} ${EXAMPLE}${withAccount ? ` ${EXAMPLE}` : ""}`],
    run: async ({ client }, [address = "", who = ""]) => codeAnswer(await run(client.lifeCycle, address, who)),
  };
}

/** Commands on the life cycle of contracts. */
export const LIFE_CYCLE_COMMANDS: readonly Command[] = [
  change("freezeContract", "Keep a contract from being called", (life, address) => life.freeze(address), false),
  change("unfreezeContract", "Let a frozen contract be called again", (life, address) => life.unfreeze(address), false),
  {
    name: "getContractStatus",
    family,
    about: "Show whether a contract is frozen",
    arguments: [contract],
    examples: [`getContractStatus ${EXAMPLE}`],
    run: async ({ client }, [address = ""]) => {
      const status = await client.lifeCycle.status(address);
      return textAnswer(status, status);
    },
  },
  change(
    "grantContractStatusManager",
    "Let an account freeze and unfreeze a contract",
    (life, address, who) => life.grantManager(address, who),
    true,
  ),
  change(
    "revokeContractStatusManager",
    "No longer let an account freeze and unfreeze a contract",
    (life, address, who) => life.revokeManager(address, who),
    true,
  ),
  {
    name: "listContractStatusManager",
    family,
    about: "Show who may freeze and unfreeze a contract",
    arguments: [contract],
    examples: [`listContractStatusManager ${EXAMPLE}`],
    run: async ({ client }, [address = ""]) => {
      const managers = (await client.lifeCycle.managers(address)).map((one) => one.toLowerCase());
      return textAnswer(managers, ...(managers.length === 0 ? [EMPTY_SET] : managers));
    },
  },
];
