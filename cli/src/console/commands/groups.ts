/** Groups of a node: made, started, stopped, removed. */
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { CodedError } from "@tsbcos/core/primitives";
import type { NewGroup, Rpc, RpcGroupStatus, RpcOutcome } from "@tsbcos/sdk";
import { textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { UsageError } from "../failures.js";
import type { Session } from "../session.js";

const family = "groups";
const endpoint = { name: "endpoint", kind: "endpoint" } as const;
const group = { name: "groupId", kind: "group" } as const;
const SUCCESS = "0x0";

/** What people are told when a node did not do it; scripts know the form of the line. */
class GroupError extends CodedError {
  constructor(line: string, code: string) {
    super(code, line);
  }
}

function statusText({ code, message, status }: RpcOutcome & { readonly status?: string }): string {
  return `GroupStatus{code='${code}', message='${message}', status='${status ?? "null"}'}`;
}

function groupAnswer(outcome: RpcOutcome | RpcGroupStatus): Outcome {
  if (outcome.code !== SUCCESS) throw new GroupError(statusText(outcome), outcome.code);
  return textAnswer(outcome, statusText(outcome));
}

/** A command that does one thing to a group of a node. */
function operate(
  name: string,
  about: string,
  details: string | undefined,
  ask: (rpc: Rpc, group: number) => Promise<RpcOutcome>,
): Command {
  return {
    name,
    family,
    about,
    ...(details === undefined ? {} : { details: [details] }),
    arguments: [endpoint, { ...group, optional: true, about: "a group; by default the current one" }],
    examples: [`${name} 127.0.0.1:20200 2`],
    run: async (session, [node = "", wanted]) =>
      groupAnswer(await ask(session.client.rpc.at(session.endpoint(node)), Number(wanted ?? session.groupId))),
  };
}

async function generate(
  session: Session,
  [node = "", groupId = "", timestamp = "", ...rest]: readonly string[],
): Promise<Outcome> {
  const [flag] = rest;
  const hasFlag = flag === "true" || flag === "false";
  const sealers = hasFlag ? rest.slice(1) : rest;
  if (sealers.length === 0) throw new UsageError("A new group needs at least one sealer: the ids of its first nodes.");
  const rpc = session.client.rpc.at(session.endpoint(node));
  const made: NewGroup = {
    timestamp: Number(timestamp),
    sealers,
    ...(hasFlag ? { enableFreeStorage: flag === "true" } : {}),
  };
  return groupAnswer(await rpc.generateGroup(Number(groupId), made));
}

/** A group as a file describes it. */
interface GroupPlan {
  readonly endpoints: readonly string[];
  readonly sealers: readonly string[] | undefined;
  readonly timestamp: number;
}

function readPlan(file: string): GroupPlan {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new CodedError("bad-group-file", `${file} cannot be read: ${(cause as Error).message.split("\n")[0] ?? ""}`, {
      cause,
    });
  }
  const of = (section: string, key: string): unknown =>
    (table[section] as Readonly<Record<string, unknown>> | undefined)?.[key];
  const endpoints = of("groupPeers", "peers");
  const sealers = of("consensus", "sealerList");
  const timestamp = of("genesis", "timestamp");
  if (!isTexts(endpoints) || endpoints.length === 0) {
    throw new CodedError(
      "bad-group-file",
      `${file} names no nodes. They stand in peers = ["host:port"] of [groupPeers].`,
    );
  }
  if (sealers !== undefined && !isTexts(sealers)) {
    throw new CodedError("bad-group-file", `${file}: sealerList of [consensus] is a list of node ids in quotes.`);
  }
  const hasTime = timestamp !== undefined && timestamp !== "";
  if (hasTime && !/^\d+$/.test(String(timestamp))) {
    throw new CodedError("bad-group-file", `${file}: timestamp of [genesis] is in milliseconds since 1970.`);
  }
  return { endpoints, sealers, timestamp: hasTime ? Number(timestamp) : Date.now() };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** Every node of the file is told the same, so that all of them make the same group. */
async function generateFromFile(session: Session, file: string, groupId: number): Promise<Outcome> {
  const { endpoints, sealers, timestamp } = readPlan(file);
  const rpcs = endpoints.map((one) => session.client.rpc.at(session.endpoint(one)));
  const ids = sealers ?? (await Promise.all(rpcs.map(async (rpc) => (await rpc.getNodeInfo()).NodeID)));
  const text: string[] = [];
  const value: Record<string, RpcOutcome> = {};
  let failed: string | undefined;
  for (const [index, rpc] of rpcs.entries()) {
    const node = endpoints[index] ?? "";
    const outcome = await rpc.generateGroup(groupId, { timestamp, sealers: ids });
    text.push(`* Result of ${node}:`, statusText(outcome));
    value[node] = outcome;
    if (outcome.code !== SUCCESS) failed ??= outcome.code;
  }
  if (failed !== undefined) throw new GroupError(text.join("\n"), failed);
  return { text, value };
}

/** Commands on groups. */
export const GROUP_COMMANDS: readonly Command[] = [
  {
    name: "generateGroup",
    family,
    about: "Make the files of a new group at a node",
    details: ["Every node of the group must be given the same time and sealers. startGroup then runs it."],
    arguments: [
      endpoint,
      group,
      { name: "timestamp", kind: "timestamp" },
      { name: "sealers", kind: "sealer", repeated: true },
    ],
    examples: [`generateGroup 127.0.0.1:20200 2 1700000000000 ${"0a".repeat(64)}`],
    run: generate,
  },
  {
    name: "generateGroupFromFile",
    family,
    about: "Make the files of a new group at all nodes that a file names",
    details: [
      'The file is TOML: peers = ["127.0.0.1:20200"] in [groupPeers], the nodes to make it at; sealerList in [consensus]',
      "(by default these nodes); timestamp in [genesis] (by default now).",
    ],
    arguments: [{ name: "groupConfigFile", kind: "file" }, group],
    examples: ["generateGroupFromFile group-generate-config.toml 2"],
    run: (session, [file = "", groupId = ""]) => generateFromFile(session, file, Number(groupId)),
  },
  operate("startGroup", "Have a node run a group", undefined, (rpc, id) => rpc.startGroup(id)),
  operate("stopGroup", "Have a node stop a group", undefined, (rpc, id) => rpc.stopGroup(id)),
  operate(
    "removeGroup",
    "Mark a stopped group as deleted at a node",
    "Its files stay; recoverGroup takes it back.",
    (rpc, id) => rpc.removeGroup(id),
  ),
  operate("recoverGroup", "Take back removeGroup", "startGroup then runs the group again.", (rpc, id) =>
    rpc.recoverGroup(id),
  ),
  operate("queryGroupStatus", "Show in which state a node has a group", undefined, (rpc, id) =>
    rpc.queryGroupStatus(id),
  ),
];
