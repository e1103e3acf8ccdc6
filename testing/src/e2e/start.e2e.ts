import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectOver, httpTransport, Rpc } from "@tsbcos/sdk";
import { freePorts, PATIENCE_MS, until } from "../harness/index.js";

const COMMAND = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

let folder: string;
let base: number;
let child: ChildProcess;
let output = "";
/** How long this machine took to start the chain. */
let startedMs: number;

function start(directory: string, ports: string): ChildProcess {
  const started = spawn(process.execPath, [COMMAND, "start", "-d", directory, "-p", ports], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const keep = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  started.stdout.on("data", keep);
  started.stderr.on("data", keep);
  return started;
}

/** Exit code, once all that it printed is here. */
const ended = (one: ChildProcess): Promise<number | null> => new Promise((done) => one.once("close", done));
const ports = (): string => `${base},${base + 4},${base + 8}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-start-"));
  base = await freePorts();
  const began = performance.now();
  child = start(join(folder, "chain"), ports());
  await until("the chain runs", () => output.includes("The chain is running"));
  startedMs = performance.now() - began;
});
afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = ended(child);
    child.kill("SIGTERM");
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

test("start makes a chain, answers on all four ports, and the first block follows the first transaction within a second", async () => {
  const urls = [0, 1, 2, 3].map((node) => `http://127.0.0.1:${base + 8 + node}`);
  for (const url of urls) {
    const rpc = new Rpc(httpTransport(url));
    expect(await rpc.getBlockNumber()).toBe(0);
    expect(await rpc.getSealerList()).toHaveLength(4);
    expect(output).toContain(url);
  }
  const client = await connectOver(httpTransport({ urls }));
  const transaction = await client.sign({ data: new Uint8Array(0) });
  const sent = performance.now();
  await client.send(transaction);
  await client.waitForReceipt(transaction.hash, PATIENCE_MS);
  // The promise is a second; a busy machine, which needs long to start a chain too, gets more before this counts as broken.
  expect(performance.now() - sent).toBeLessThan(Math.max(5_000, startedMs));
  await until("the block is shown", () => /block +1 +1 transaction /.test(output));
});

test("a second start on the same ports says what to do", async () => {
  const before = output.length;
  const second = start(join(folder, "chain"), ports());
  expect(await ended(second)).toBe(1);
  expect(output.slice(before)).toMatch(/uses port .*npm start -- /s);
});

test("a chain that is there is started as it is, and whoever asked for another is told", async () => {
  const before = output.length;
  const other = start(join(folder, "chain"), `${base + 20},${base + 24},${base + 28}`);
  // Its nodes have the ports that the running ones have.
  expect(await ended(other)).toBe(1);
  expect(output.slice(before)).toMatch(
    /holds a chain of 4 nodes already, which is started as it is: -n and -p are for new chains/,
  );
});

test("a node that is killed is told, and is no reason to doubt the others when they are stopped", async () => {
  const pid = Number(execFileSync("pgrep", ["-f", join(folder, "chain", "127.0.0.1", "node3")], { encoding: "utf8" }));
  process.kill(pid, "SIGKILL");
  const told = "node3 ended (killed by SIGKILL). 3 of 4 are left";
  await until("it is told", () => output.includes(told));
});

test("when too few nodes are left for blocks it is told once, and once when enough are there again", async () => {
  const directory = join(folder, "chain", "127.0.0.1", "node2");
  const script = (name: string): string => execFileSync("bash", [join(directory, name)], { encoding: "utf8" });
  process.kill(Number(execFileSync("pgrep", ["-f", directory], { encoding: "utf8" })), "SIGKILL");
  const few = "No more blocks: 2 of 4 sealers are left, and 3 are needed.";
  await until("it is told", () => output.includes(few));
  script("start.sh");
  try {
    const enough = "Enough sealers are there again (3 of 4, 3 are needed): blocks go on.";
    await until("it is told", () => output.includes(enough));
    expect(output.split("No more blocks")).toHaveLength(2);
  } finally {
    script("stop.sh");
  }
  await until("it is told anew", () => output.split("No more blocks").length === 3);
});

test("what cannot be started is told in the words of its own options, and no chain is made", async () => {
  for (const [option, value] of [
    ["-n", "0"],
    ["-n", "x"],
    ["-p", "1,2"],
  ] as const) {
    const before = output.length;
    const other = join(folder, "other");
    const wrong = spawn(process.execPath, [COMMAND, "start", "-d", other, option, value], { stdio: "pipe" });
    wrong.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    wrong.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    expect(await ended(wrong)).toBe(1);
    expect(output.slice(before)).toMatch(new RegExp(`^${option} takes .*"${value}"`));
    expect(existsSync(other)).toBe(false);
  }
});

test("Ctrl-C stops everything cleanly, and the next start goes on from the last block", async () => {
  const gone = ended(child);
  child.kill("SIGINT");
  expect(await gone).toBe(0);
  expect(output).toContain("All nodes stopped");
  expect(output).not.toContain("did not stop cleanly");
  for (let port = base; port < base + 12; port++) {
    const free = await new Promise((done) => {
      const probe = createServer().once("error", () => {
        done(false);
      });
      probe.listen(port, "127.0.0.1", () => probe.close(done));
    });
    expect(free, `port ${port} is free again`).not.toBe(false);
  }
  output = "";
  child = start(join(folder, "chain"), ports());
  await until("the chain runs again", () => output.includes("The chain is running"));
  expect(await new Rpc(httpTransport(`http://127.0.0.1:${base + 8}`)).getBlockNumber()).toBe(1);
  expect(existsSync(join(folder, "chain", "127.0.0.1", "node0", "log"))).toBe(true);
});

test("closing the window of the terminal leaves no node behind", async () => {
  const gone = ended(child);
  child.kill("SIGHUP");
  expect(await gone).toBe(0);
  expect(() => execFileSync("pgrep", ["-f", join(folder, "chain")])).toThrow();
});
