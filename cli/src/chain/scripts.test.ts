import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { writeSetting } from "../folders/index.js";
import { launcherScript, hostScripts, nodeScripts } from "./scripts.js";
import { below, scriptFile, writeFiles } from "./text-files.js";

/** Stands in for a node: answers as the file answer.json says, ends when asked to. */
const PROGRAM = `
const { createServer } = require("node:http");
const { readFileSync, existsSync } = require("node:fs");
const port = /jsonrpc_listen_port=(\\d+)/.exec(readFileSync("config.ini", "utf8"))[1];
if (existsSync("broken")) { console.log("Init failed!!!"); process.exit(255); }
createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk)).on("end", () => {
    const { id, method } = JSON.parse(body);
    const result = JSON.parse(readFileSync("answer.json", "utf8"))[method];
    response.end(JSON.stringify({ id, jsonrpc: "2.0", ...(result === undefined ? { error: {} } : result.message ? { error: result } : { result }) }));
  });
}).listen(Number(port), "127.0.0.1", () => console.log("The FISCO-BCOS is running..."));
process.on("SIGTERM", () => process.exit(0));
`;

let host: string;
const ID = "0123456789abcdef".repeat(8);

function run(...path: readonly string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("bash", [join(host, ...path)], { encoding: "utf8", cwd: "/" });
  return { code: status, text: stdout + stderr };
}

/** A free port below those that systems give to whoever connects: the node finds it free each time it is started. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(4000, 10_000);
    const isFree = await new Promise<boolean>((done) => {
      const probe = createServer().once("error", () => {
        done(false);
      });
      probe.listen(port, "127.0.0.1", () => probe.close(() => {
        done(true);
      }));
    });
    if (isFree) return port;
  }
}

beforeAll(async () => {
  // Blanks in paths are where shell scripts fail.
  host = mkdtempSync(join(tmpdir(), "tsbcos scripts-"));
  writeFileSync(join(host, "program.cjs"), PROGRAM);
  const launcher = launcherScript(join(host, "program.cjs"), process.execPath);
  const config = `[rpc]\njsonrpc_listen_port=${await freePort()}\n`;
  const settings = [
    { path: "config.ini", text: config },
    { path: "answer.json", text: '{"getBlockNumber":"0x1","getPbftView":"0x2"}' },
    { path: "conf/group.1.genesis", text: "" },
  ];
  await writeFiles(host, [
    scriptFile("fisco-bcos", launcher),
    ...hostScripts(),
    ...below("node0", [...nodeScripts("../fisco-bcos"), ...settings]),
  ]);
});
afterEach(() => {
  run("node0/stop.sh");
});
afterAll(() => {
  rmSync(host, { recursive: true, force: true });
});

describe("scripts of a node", () => {
  test("start it once, and stop it once", () => {
    expect(run("node0/start.sh")).toMatchObject({ code: 0, text: " node0 start successfully\n" });
    const pid = readFileSync(join(host, "node0/node.pid"), "utf8").trim();
    expect(run("node0/start.sh")).toMatchObject({ code: 0, text: ` node0 is running, pid is ${pid}.\n` });
    // How monitoring of 2.x finds a node among the processes.
    const processes = spawnSync("ps", ["-o", "args=", "-p", pid], { encoding: "utf8" });
    if (processes.error === undefined) expect(processes.stdout).toContain(join(host, "node0") + "/../fisco-bcos");
    expect(run("node0/stop.sh")).toMatchObject({ code: 0, text: " stop node0 success.\n" });
    expect(run("node0/stop.sh")).toMatchObject({ code: 0, text: " node0 isn't running.\n" });
  });

  test("a number left behind, which another process has now, stops nobody", () => {
    writeFileSync(join(host, "node0/node.pid"), `${process.pid}\n`);
    expect(run("node0/stop.sh")).toMatchObject({ code: 0, text: " node0 isn't running.\n" });
  });

  test("one that cannot start shows its last words", () => {
    writeFileSync(join(host, "node0/broken"), "");
    const { code, text } = run("node0/start.sh");
    rmSync(join(host, "node0/broken"));
    expect(code).toBe(1);
    expect(text).toMatch(/did not start[^]*Init failed/);
    expect(existsSync(join(host, "node0/node.pid"))).toBe(false);
  });

  test("signal files are left for the node, which may have been started otherwise", () => {
    const signals = ["append_group", "reset_certificate_whitelist", "reset_allowlist"];
    const scripts = ["load_new_groups", "reload_whitelist", "reload_sdk_allowlist"];
    const leave = (text: RegExp): void => {
      for (const signal of signals) rmSync(join(host, `node0/config.ini.${signal}`), { force: true });
      for (const script of scripts) {
        expect(run(`node0/scripts/${script}.sh`)).toMatchObject({ code: 0, text: expect.stringMatching(text) as string });
      }
      expect(signals.map((signal) => existsSync(join(host, `node0/config.ini.${signal}`)))).toEqual([true, true, true]);
    };
    leave(/^node0 is not running, unless/);
    run("node0/start.sh");
    leave(/^node0 is trying to/);
  });

  test("a broken white list is not reloaded", () => {
    const file = join(host, "node0/config.ini");
    const good = readFileSync(file, "utf8");
    const reload = (text: string): { code: number | null; text: string } => {
      writeFileSync(file, text);
      return run("node0/scripts/reload_whitelist.sh");
    };
    const list = "certificate_whitelist";
    expect(reload(writeSetting(good, list, "cal.0", ID)).code).toBe(0);
    expect(reload(writeSetting(good, list, "cal.0", ID.slice(1)))).toMatchObject({ code: 1 });
    expect(reload(`${good}[${list}]\n  cal.0=${ID}\n  cal.0 = ${ID}\n`).text).toMatch(/duplicate keys:\ncal\.0\n/);
    expect(reload(`${good}[${list}]\n  ;cal.0=nothing\n`).code).toBe(0);
    writeFileSync(file, good);
  });

  test("monitor.sh starts what does not run, and notices what stands still", () => {
    expect(run("node0/scripts/monitor.sh").text).toMatch(/ERROR! .* node0 does not exist[^]*start successfully/);
    expect(run("node0/scripts/monitor.sh").text).toMatch(/OK! 127.0.0.1:\d+ node0:1 is working properly: height 0x1 view 0x2\n/);
    expect(run("node0/scripts/monitor.sh").text).toMatch(/ERROR! .* node0:1 is not working properly: height 0x1 and view 0x2/);
    writeFileSync(join(host, "node0/answer.json"), '{"getBlockNumber":"0x1","getPbftView":"0x3"}');
    expect(run("node0/scripts/monitor.sh").text).toContain("OK!");
    writeFileSync(join(host, "node0/answer.json"), '{"getBlockNumber":"0x1"}');
    expect(run("node0/scripts/monitor.sh").text).toMatch(/OK! .* is answering: height 0x1/);
    writeFileSync(join(host, "node0/answer.json"), "{}");
    expect(run("node0/scripts/monitor.sh").text).toMatch(/ERROR! Cannot connect to 127.0.0.1:\d+ node0:1/);
    // As a node does that has a group's files and is no member of it.
    const refusal = { code: -40009, data: null, message: "not my group" };
    writeFileSync(
      join(host, "node0/answer.json"),
      JSON.stringify({ getBlockNumber: refusal, getPbftView: refusal }),
    );
    expect(run("node0/scripts/monitor.sh").text).toMatch(/ERROR! 127.0.0.1:\d+ node0:1 refused: not my group\n/);
  });
});

describe("scripts of a machine", () => {
  test("start and stop all nodes, and fail when one does", () => {
    expect(run("start_all.sh")).toMatchObject({ code: 0, text: "try to start node0\n node0 start successfully\n" });
    expect(run("stop_all.sh")).toMatchObject({ code: 0, text: "try to stop node0\n stop node0 success.\n" });
    writeFileSync(join(host, "node0/broken"), "");
    expect(run("start_all.sh").code).toBe(1);
    rmSync(join(host, "node0/broken"));
  });

  test("the launcher says what to install where the program is not", () => {
    writeFileSync(join(host, "lost"), launcherScript("/nowhere/main.js", "/nowhere/node"));
    const environment = { PATH: "/usr/bin:/bin" };
    const { status, stderr } = spawnSync("bash", [join(host, "lost")], { encoding: "utf8", env: environment });
    expect([status, stderr]).toEqual([1, expect.stringContaining("npm install -g tsbcos")]);
  });
});
