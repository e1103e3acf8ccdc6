import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { groupId, nodeId, type GroupId, type NodeId } from "@tsbcos/core/primitives";
import { GroupOperations, type GroupHost } from "./group-operations.js";

const [A, B, C] = ["a", "b", "c"].map((digit) => nodeId(digit.repeat(128))) as [NodeId, NodeId, NodeId];
const REQUEST = { timestamp: "1795362774123", sealers: [B, A] };

let folder: string;
let running: Set<GroupId>;
let connected: Set<NodeId>;
let reports: string[];
/** What starting and stopping wait for, when a test wants to look in between. */
let gate: Promise<void>;
let failing: string | undefined;
let operations: GroupOperations;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-groups-"));
  mkdirSync(join(folder, "conf"));
  running = new Set();
  connected = new Set([B]);
  reports = [];
  gate = Promise.resolve();
  failing = undefined;
  operations = new GroupOperations(host());
});
afterEach(() => {
  chmodSync(join(folder, "conf"), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

function host(): GroupHost {
  return {
    nodeId: A,
    pathsOf: (id) => ({
      dataDirectory: join(folder, "data", `group${id}`),
      genesisFile: join(folder, "conf", `group.${id}.genesis`),
      settingsFile: join(folder, "conf", `group.${id}.ini`),
    }),
    isConnected: (peer) => connected.has(peer),
    isRunning: (id) => running.has(id),
    start: async (id) => {
      await gate;
      if (failing !== undefined) throw new Error(failing);
      running.add(id);
    },
    stop: async (id) => {
      await gate;
      running.delete(id);
    },
    configuredGroups: () =>
      readdirSync(join(folder, "conf"))
        .flatMap((name) => /^group\.(\d+)\.genesis$/.exec(name)?.[1] ?? [])
        .map((number) => groupId(Number(number))),
    report: (_level, event, id, reason) => reports.push(`${id} ${event}${reason === undefined ? "" : `: ${reason}`}`),
  };
}

const conf = (name: string): string => readFileSync(join(folder, "conf", name), "utf8");
const word = (id: number): string => readFileSync(join(folder, "data", `group${id}`, ".group_status"), "utf8");
const done = (message: string): { code: string; message: string } => ({ code: "0x0", message });

describe("generating", () => {
  test("B13: the genesis is the same whatever the order, the case and the repetitions of the sealers", async () => {
    connected.add(C);
    expect(await operations.generate(2, { ...REQUEST, sealers: [C, A, B] })).toEqual(
      done("Group 2 generated successfully"),
    );
    expect(await operations.generate(3, { ...REQUEST, sealers: [A.toUpperCase(), B, C, B] })).toEqual(
      done("Group 3 generated successfully"),
    );
    expect(conf("group.2.genesis")).toBe(conf("group.3.genesis").replace("id=3", "id=2"));
    expect(conf("group.2.genesis")).toContain(`    node.0=${A}\n    node.1=${B}\n    node.2=${C}\n`);
    expect(word(2)).toBe("STOPPED");
    expect(readdirSync(join(folder, "conf")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("B13: every kind of consensus, PBFT when none is named", async () => {
    await operations.generate(2, REQUEST);
    expect(conf("group.2.genesis")).toContain("consensus_type=pbft\n");
    for (const [index, type] of ["pbft", "rpbft", "raft", "solo"].entries()) {
      await operations.generate(3 + index, { ...REQUEST, consensus_type: type });
      expect(conf(`group.${3 + index}.genesis`)).toContain(`consensus_type=${type}\n`);
    }
    expect(await operations.generate(7, { ...REQUEST, consensus_type: "pow" })).toEqual({
      code: "0x7",
      message: "invalid `consensus_type` field",
    });
  });

  const invalid: readonly [string, number, object, string][] = [
    ["group 0", 0, REQUEST, "GroupID should be between 1 and 32767"],
    ["group 32768", 32768, REQUEST, "GroupID should be between 1 and 32767"],
    ["a negative group", -1, REQUEST, "GroupID should be between 1 and 32767"],
    ["no timestamp", 2, { sealers: [A] }, "invalid `timestamp` field"],
    ["a number as timestamp", 2, { ...REQUEST, timestamp: 1 }, "invalid `timestamp` field"],
    ["a timestamp with a sign", 2, { ...REQUEST, timestamp: "-1" }, "invalid timestamp: -1"],
    ["a timestamp with a zero in front", 2, { ...REQUEST, timestamp: "01" }, "invalid timestamp: 01"],
    ["a timestamp with a blank", 2, { ...REQUEST, timestamp: " 1" }, "invalid timestamp:  1"],
    [
      "a timestamp beyond 63 bits",
      2,
      { ...REQUEST, timestamp: "9223372036854775808" },
      "invalid timestamp: 9223372036854775808",
    ],
    ["no sealers", 2, { timestamp: "1" }, "invalid `sealers` field"],
    ["sealers that are no list", 2, { timestamp: "1", sealers: A }, "invalid `sealers` field"],
    [
      "an empty list of sealers",
      2,
      { timestamp: "1", sealers: [] },
      "GenerateGroup failed for empty sealer list, expect at least one sealer",
    ],
    ["a sealer that is no id", 2, { timestamp: "1", sealers: [A, "zz"] }, "invalid sealer ID at position 2"],
    ["a sealer with a prefix", 2, { timestamp: "1", sealers: [`0x${A.slice(2)}`] }, "invalid sealer ID at position 1"],
    ["a sealer that is no text", 2, { timestamp: "1", sealers: [null] }, "invalid sealer ID at position 1"],
    ["a word for a truth value", 2, { ...REQUEST, enable_free_storage: "true" }, "invalid `enable_free_storage` field"],
  ];
  test.each(invalid)("B21: %s is refused, and nothing is written", async (_name, id, request, message) => {
    expect(await operations.generate(id, request as Record<string, unknown>)).toEqual({ code: "0x7", message });
    expect(readdirSync(join(folder, "conf"))).toEqual([]);
  });

  test("the longest timestamp is one", async () => {
    expect(await operations.generate(2, { ...REQUEST, timestamp: "9223372036854775807" })).toMatchObject({
      code: "0x0",
    });
  });

  test("sealers that are not connected are named, in order", async () => {
    const answer = await operations.generate(2, { ...REQUEST, sealers: [C, B, A] });
    expect(answer).toEqual({ code: "0x8", message: `Peer(s) not connected: ${C}` });
    connected.clear();
    expect((await operations.generate(2, { ...REQUEST, sealers: [C, B, A] })).message).toBe(
      `Peer(s) not connected: ${B}, ${C}`,
    );
  });

  test("files that are there are never replaced", async () => {
    writeFileSync(join(folder, "conf", "group.2.genesis"), "mine");
    expect(await operations.generate(2, REQUEST)).toEqual({
      code: "0x9",
      message: "Genesis config file for group 2 already exists",
    });
    writeFileSync(join(folder, "conf", "group.3.ini"), "mine");
    expect(await operations.generate(3, REQUEST)).toEqual({
      code: "0xa",
      message: "Group config file for group 3 already exists",
    });
    expect(conf("group.2.genesis") + conf("group.3.ini")).toBe("minemine");
    await operations.generate(4, REQUEST);
    expect(await operations.generate(4, REQUEST)).toEqual({ code: "0x2", message: "Group 4 already exists" });
  });

  test("a folder that cannot be written to leaves nothing behind", async () => {
    rmSync(join(folder, "conf"), { recursive: true });
    writeFileSync(join(folder, "conf"), "no folder");
    expect(await operations.generate(2, REQUEST)).toMatchObject({ code: "0x1" });
    rmSync(join(folder, "conf"));
    mkdirSync(join(folder, "conf"));
    expect(operations.status(2).status).toBe("INEXISTENT");
    expect(await operations.generate(2, REQUEST)).toMatchObject({ code: "0x0" });
  });
});

describe("the life of a group", () => {
  test("from its files to its removal and back, with the word on disk at each step", async () => {
    expect(operations.status(2)).toEqual({ code: "0x0", message: "", status: "INEXISTENT" });
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    expect(await operations.start(2)).toEqual(done("Group 2 started successfully"));
    expect([word(2), running.has(groupId(2))]).toEqual(["RUNNING", true]);
    expect(await operations.stop(2)).toEqual(done("Group 2 stopped successfully"));
    expect([word(2), running.has(groupId(2))]).toEqual(["STOPPED", false]);
    expect(await operations.remove(2)).toEqual(done("Group 2 deleted successfully"));
    expect(word(2)).toBe("DELETED");
    expect(existsSync(join(folder, "conf", "group.2.genesis"))).toBe(true);
    expect(await operations.recover(2)).toEqual(done("Group 2 recovered successfully"));
    expect(await operations.start(2)).toEqual(done("Group 2 started successfully"));
  });

  test("a group without its files", async () => {
    expect(await operations.start(2)).toEqual({ code: "0xb", message: "Genesis config file for group 2 not found" });
    writeFileSync(join(folder, "conf", "group.2.genesis"), "");
    expect(await operations.start(2)).toEqual({ code: "0xc", message: "Group config file for group 2 not found" });
    writeFileSync(join(folder, "conf", "group.2.ini"), "");
    expect(await operations.start(2)).toEqual({ code: "0x6", message: "Group 2 not found" });
    for (const operation of ["stop", "remove", "recover"] as const) {
      expect(await operations[operation](2)).toEqual({ code: "0x6", message: "Group 2 not found" });
      expect(await operations[operation](0)).toMatchObject({ code: "0x7" });
    }
    expect(await operations.start(70000)).toMatchObject({ code: "0x7" });
    expect(operations.status(-1)).toEqual({
      code: "0x7",
      message: "GroupID should be between 1 and 32767",
      status: "",
    });
  });

  test.each(["", "PAUSED", "running", "\u0000"])("B21: the word %j is no state, and nothing is done", async (text) => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    writeFileSync(join(folder, "data", "group2", ".group_status"), text);
    expect(operations.status(2)).toMatchObject({ code: "0x1", status: "UNKNOWN" });
    for (const operation of ["start", "stop", "remove", "recover"] as const) {
      expect(await operations[operation](2)).toMatchObject({ code: "0x1" });
    }
    expect(await operations.generate(2, { ...REQUEST, sealers: [A] })).toMatchObject({ code: "0x1" });
    expect(running.size).toBe(0);
  });

  test("a word with a line break, as scripts write it, counts", async () => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    writeFileSync(join(folder, "data", "group2", ".group_status"), " DELETED\nrest");
    expect(operations.status(2).status).toBe("DELETED");
  });

  test("a group that does not start says why and stays stopped", async () => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    failing = "Group 2 does not start: its store is locked";
    expect(await operations.start(2)).toEqual({ code: "0x1", message: failing });
    expect(word(2)).toBe("STOPPED");
    expect(reports).toEqual([`2 start-failed: ${failing}`]);
    failing = undefined;
    expect(await operations.start(2)).toMatchObject({ code: "0x0" });
  });

  test("two that start the same group at once start it once", async () => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    let open!: () => void;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const answers = [operations.start(2), operations.start(2), operations.stop(2)];
    open();
    expect((await Promise.all(answers)).map(({ message }) => message)).toEqual([
      "Group 2 started successfully",
      "Group 2 is already running",
      "Group 2 stopped successfully",
    ]);
  });

  test("a group that is being stopped says so", async () => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    await operations.start(2);
    let open!: () => void;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const stopping = operations.stop(2);
    await Promise.resolve();
    expect(operations.status(2).status).toBe("STOPPING");
    expect(await operations.stop(2)).toEqual({ code: "0xd", message: "Group 2 is stopping" });
    expect(await operations.start(2)).toEqual({ code: "0xd", message: "Group 2 is stopping" });
    expect(await operations.remove(2)).toEqual({ code: "0xd", message: "Group 2 is stopping" });
    expect(await operations.recover(2)).toEqual({ code: "0xe", message: "Group 2 has not been deleted" });
    open();
    expect(await stopping).toMatchObject({ code: "0x0" });
  });

  test("closing waits for what is under way, and nothing begins afterwards", async () => {
    await operations.generate(2, { ...REQUEST, sealers: [A] });
    let open!: () => void;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const starting = operations.start(2);
    await Promise.resolve();
    let closed = false;
    const closing = operations.close().then(() => {
      closed = true;
    });
    await Promise.resolve();
    expect(closed).toBe(false);
    open();
    await closing;
    expect(await starting).toMatchObject({ code: "0x0" });
    expect(await operations.stop(2)).toEqual({ code: "0x1", message: "the node is stopping" });
    expect(word(2)).toBe("RUNNING");
  });
});

describe("looking for new groups", () => {
  const place = (id: number, state?: string): void => {
    writeFileSync(join(folder, "conf", `group.${id}.genesis`), "");
    if (state === undefined) return;
    mkdirSync(join(folder, "data", `group${id}`), { recursive: true });
    writeFileSync(join(folder, "data", `group${id}`, ".group_status"), state);
  };

  test("starts those that nobody stopped, and only those", async () => {
    place(2);
    place(3, "STOPPED");
    place(4, "DELETED");
    place(5, "STOPPING");
    place(6, "nonsense");
    place(7, "RUNNING");
    await operations.startNewGroups();
    expect([...running]).toEqual([2, 7]);
    expect([word(2), word(3), word(5), word(7)]).toEqual(["RUNNING", "STOPPED", "STOPPING", "RUNNING"]);
    expect(reports).toContain("6 state-unknown: its .group_status holds no known word");
    await operations.startNewGroups();
    expect(reports.filter((line) => line.endsWith("started"))).toHaveLength(2);
  });

  test("one that does not start keeps no other from it", async () => {
    place(2);
    failing = "broken";
    await operations.startNewGroups();
    failing = undefined;
    place(3);
    await operations.startNewGroups();
    expect([...running].sort()).toEqual([2, 3]);
    expect(reports).toContain("2 start-failed: broken");
  });
});
