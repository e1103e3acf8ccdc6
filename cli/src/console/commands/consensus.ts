/** Sealers and observers, and the values agreed on the chain. */
import { CodedError } from "@tsbcos/core/primitives";
import { digitsOf, type SystemConfigKey } from "@tsbcos/sdk";
import { codeAnswer, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { UsageError } from "../failures.js";
import type { Session } from "../session.js";

const family = "consensus and configuration";
const node = { name: "nodeId", kind: "node-id" } as const;
const key = { name: "key", kind: "config-key" } as const;
const NODE_ID = "0a".repeat(64);
const INT32_MAX = 2 ** 31 - 1;

const LEAST: Readonly<Record<Exclude<SystemConfigKey, "enable_charge_mgr">, number>> = {
  tx_count_limit: 1,
  tx_gas_limit: 100_000,
  consensus_timeout: 3,
  rpbft_epoch_sealer_num: 1,
  rpbft_epoch_block_num: 1,
};

/** A sealer that nobody reaches would stop the others from agreeing. */
async function demandConnected(session: Session, nodeId: string): Promise<void> {
  const ids = await session.client.rpc.getNodeIDList();
  if (ids.includes(digitsOf(nodeId))) return;
  throw new CodedError(
    "not-connected",
    `The node ${nodeId.slice(0, 16)}... is not connected with the chain. Start it and let it connect first; getNodeIDList shows who is connected.`,
  );
}

async function set(session: Session, name: SystemConfigKey, value: string): Promise<Outcome> {
  if (name === "enable_charge_mgr") {
    if (value !== "on" && value !== "off") throw new UsageError(`${name} is on or off, not "${value}".`);
  } else {
    const least = LEAST[name];
    if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > INT32_MAX) {
      throw new UsageError(`${name} is a whole number from ${least} to ${INT32_MAX}, not "${value}".`);
    }
  }
  const done = codeAnswer(await session.client.config.set(name, value));
  return { ...done, text: [...noteOn(name), ...done.text] };
}

const noteOn = (name: string): readonly string[] =>
  name.startsWith("rpbft_") ? [`Note: ${name} only takes effect when rPBFT is used!`] : [];

/** Commands on node lists and the system configuration. */
export const CONSENSUS_COMMANDS: readonly Command[] = [
  {
    name: "addSealer",
    family,
    about: "Make a node a sealer, from the next block on",
    arguments: [node],
    examples: [`addSealer ${NODE_ID}`],
    run: async (session, [id = ""]) => {
      await demandConnected(session, id);
      return codeAnswer(await session.client.consensus.addSealer(id));
    },
  },
  {
    name: "addObserver",
    family,
    about: "Make a node an observer, from the next block on",
    arguments: [node],
    examples: [`addObserver ${NODE_ID}`],
    run: async (session, [id = ""]) => {
      await demandConnected(session, id);
      return codeAnswer(await session.client.consensus.addObserver(id));
    },
  },
  {
    name: "removeNode",
    family,
    about: "Take a node out of the group, from the next block on",
    arguments: [node],
    examples: [`removeNode ${NODE_ID}`],
    run: async ({ client }, [id = ""]) => codeAnswer(await client.consensus.remove(id)),
  },
  {
    name: "getSystemConfigByKey",
    family,
    about: "Show a value agreed on the chain",
    arguments: [key],
    examples: ["getSystemConfigByKey tx_count_limit"],
    run: async ({ client }, [name = ""]) => {
      const value = await client.config.get(name as SystemConfigKey);
      return textAnswer(value, ...noteOn(name), value);
    },
  },
  {
    name: "setSystemConfigByKey",
    family,
    about: "Set a value for the whole group, from the next block on",
    details: [
      "tx_count_limit: transactions in a block, at least 1. tx_gas_limit: gas of a transaction, at least 100000.",
      "consensus_timeout: seconds that a leader has, at least 3. rpbft_epoch_sealer_num, rpbft_epoch_block_num: for rPBFT.",
      "enable_charge_mgr: on or off.",
    ],
    arguments: [key, { name: "value", kind: "text", about: "the new value" }],
    examples: ["setSystemConfigByKey tx_count_limit 1000"],
    run: (session, [name = "", value = ""]) => set(session, name as SystemConfigKey, value),
  },
];
