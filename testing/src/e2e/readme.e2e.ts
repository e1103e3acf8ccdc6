/** The five minutes of `README.md`, line by line, in a folder of its own. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts, until } from "../harness/index.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(ROOT, "cli", "dist", "main.js");
const run = promisify(execFile);

/** Lines of shell on the page, by the heading that they stand under. */
function linesUnder(heading: string): string[] {
  const [, section = ""] = readFileSync(join(ROOT, "README.md"), "utf8").split(`## ${heading}\n`);
  const [text = ""] = section.split(/^## /m);
  return [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.trim().split("\n"));
}

let folder: string;
let base: number;
let started: ChildProcess | undefined;
let output = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-readme-"));
  base = await freePorts();
  output = "";
});
afterEach(async () => {
  const child = started;
  started = undefined;
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** The line as it is run here: the same command in another folder and on other ports. */
const here = (line: string): string =>
  line
    .replace(/\b8545\b/g, String(base + 8))
    .replace(/^node examples\/hello\.mjs$/, `$& ${base + 8}`)
    .replace(/\bother\b/g, join(folder, "other"))
    .replace(/^npx tsbcos/, `${process.execPath} ${COMMAND}`)
    .replace(/^node /, `${process.execPath} `);

/** Runs a line as if it was typed: a shell that has it among its own arguments would be found by `pgrep -f`. */
function shell(line: string, cwd = ROOT): Promise<{ stdout: string }> {
  const running = run("bash", ["-s"], { cwd, timeout: 300_000 });
  running.child.stdin?.end(`${line}\n`);
  return running;
}

test("the page is what it was when this was written: every line of it is run below", () => {
  expect(linesUnder("Five minutes").map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
    "npm start",
    "curl -s -d",
    "node examples/hello.mjs",
    "npx tsbcos console",
    "[group:1]> deploy HelloWorld",
    "[group:1]> call HelloWorld",
    "[group:1]> call HelloWorld",
    "kill -9 $(pgrep",
    "node examples/hello.mjs 8545",
    "npx tsbcos chain",
    "bash other/127.0.0.1/start_all.sh",
    "bash other/127.0.0.1/stop_all.sh",
  ]);
});

test("a chain is started, asked, used, and goes on without one of its nodes", async () => {
  const lines = linesUnder("Five minutes");
  const [, curl = "", hello = "", consoleLine = ""] = lines;
  const [kill = "", again = ""] = lines.slice(7);
  const words = ["start", "-d", join(folder, "chain"), "-p", `${base},${base + 4},${base + 8}`];
  started = spawn(process.execPath, [COMMAND, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [started.stdout, started.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  }
  await until("the chain runs", () => output.includes("The chain is running"));

  expect(JSON.parse((await shell(here(curl))).stdout)).toEqual({ id: 1, jsonrpc: "2.0", result: "0x0" });
  const first = await shell(here(hello));
  expect(first.stdout.match(/^node\d {6}Hello from tsbcos$/gm)).toHaveLength(4);
  await until("the first terminal shows blocks", () => /block +\d+ +1 transaction /.test(output));
  // At a terminal the prompt is printed; here the lines are piped in.
  const prompt = "[group:1]> ";
  const typed = lines.filter((line) => line.startsWith(prompt)).map((line) => line.slice(prompt.length));
  const piped = `printf '%s\\n' ${typed.map((line) => `'${line}'`).join(" ")} | ${here(consoleLine)}`;
  const { stdout: told } = await shell(piped, folder);
  expect(told).toMatch(/contract address: 0x[0-9a-f]{40}/);
  expect(told).toMatch(/Return values: ?\(Hello, chain!\)/);

  await shell(kill, folder);
  const second = await shell(here(again));
  expect(second.stdout.match(/^node[012] {6}three of four are enough$/gm)).toHaveLength(3);
  expect(second.stdout.trim().split("\n").at(-1)).toMatch(/^node3 +does not answer/);
});

test("a chain made elsewhere is started and stopped by its scripts", async () => {
  const [build = "", startAll = "", stopAll = ""] = linesUnder("Five minutes").slice(-3);
  // Fewer nodes than on the page, so that it works on a busy machine.
  const count = 4;
  const ports = `${base},${base + count},${base + 2 * count}`;
  await shell(here(build.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${count}`).replace(/-p \S+/, `-p ${ports}`)));
  try {
    await shell(here(startAll));
    await until("the last node has all peers", async () => {
      const body = '{"jsonrpc":"2.0","id":1,"method":"getPeers","params":[1]}';
      const response = await fetch(`http://127.0.0.1:${base + 3 * count - 1}`, { method: "POST", body });
      const { result } = (await response.json()) as { result: readonly unknown[] };
      return result.length === count - 1;
    });
  } finally {
    await shell(here(stopAll));
  }
  await expect(fetch(`http://127.0.0.1:${base + 2 * count}`)).rejects.toThrow();
});
