// The commands of the project (`npm start`, `npm test`, …) on a machine that has nothing but Node and npm: install what
// the lockfile says, build what changed, then run. Plain JavaScript, because it runs before anything is built.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamps = join(root, ".stamps");
const workspaces = ["core", "sm-tls", "node", "sdk", "cli", "testing"];
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a program to its end and gives its exit code; Ctrl-C reaches it, and this process waits for it. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    const forward = (signal) => child.kill(signal);
    // On Ctrl-C the terminal signals the whole foreground group: only wait, so that the child can stop cleanly.
    const wait = () => undefined;
    process.on("SIGINT", wait);
    process.on("SIGTERM", forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
}

async function must(what, command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) fail(`${what} failed (exit ${code}): ${command} ${args.join(" ")}`);
}

function readStamp(name) {
  const file = join(stamps, name);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function writeStamp(name, text) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), text);
}

async function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node.js ${process.versions.node} is too old: tsbcos needs 20.19 or newer (https://nodejs.org).`);
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.versions.modules} ${process.platform} ${process.arch}`)
    .digest("hex");
  if (readStamp("install") === lock && existsSync(join(root, "node_modules", "typescript"))) return;
  process.stdout.write("Installing dependencies (once, and again when the lockfile changes)...\n");
  // Not `npm ci`: it insists on lockfile entries for every platform that optional packages exist for, and which of them a
  // registry offers differs. This installs what the lockfile says all the same, and leaves the lockfile alone.
  await must("npm install", npm, ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeStamp("install", lock);
}

/** Newest modification among what the build reads, and the number of files, so that a removed file counts too. */
function sourceState(parts) {
  let newest = 0;
  let count = 0;
  const visit = (path) => {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
    } else {
      newest = Math.max(newest, stat.mtimeMs);
      count++;
    }
  };
  for (const workspace of parts) {
    visit(join(root, workspace, "src"));
    visit(join(root, workspace, "tsconfig.json"));
    visit(join(root, workspace, "package.json"));
  }
  visit(join(root, "tsconfig.base.json"));
  return `${newest} ${count} ${readStamp("install")}`;
}

/** What running a chain needs: a user who starts one does not wait for the tests to be built. */
const PRODUCT = ["core", "sm-tls", "node", "sdk", "cli"];

async function build(parts) {
  const stamp = `build-${parts.length}`;
  const state = sourceState(parts);
  const built = parts.every((workspace) => existsSync(join(root, workspace, "dist")));
  if (built && readStamp(stamp) === state) return;
  process.stdout.write("Building...\n");
  await must("The build", process.execPath, ["node_modules/typescript/bin/tsc", "-b", ...parts]);
  writeStamp(stamp, state);
}

const bin = (name, ...path) => [process.execPath, join(root, "node_modules", name, ...path)];

/** Everything that `npm test` checks, in the order in which a mistake is cheapest to find. */
async function test() {
  const [vitest, vitestMain] = bin("vitest", "vitest.mjs");
  const report = join(stamps, "vitest.json");
  const e2eReport = join(stamps, "vitest-e2e.json");
  const steps = [
    ["types of the tests", ...bin("typescript", "bin", "tsc"), "-p", "tsconfig.tests.json"],
    ["format", ...bin("prettier", "bin", "prettier.cjs"), "--check", "--log-level=warn", "."],
    ["style", ...bin("eslint", "bin", "eslint.js"), ".", "--max-warnings", "0"],
    ["import table", npm, "run", "--silent", "imports"],
    ["unused code and dependencies", ...bin("knip", "bin", "knip.js")],
    [
      "unit, vector and conformance tests",
      vitest,
      vitestMain,
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    ["100 simulated schedules", process.execPath, "testing/dist/simulator/main.js", "--seed", "1", "--runs", "100"],
    [
      "end to end: real chains of four nodes",
      vitest,
      vitestMain,
      "run",
      "--config",
      "vitest.e2e.config.ts",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${e2eReport}`,
    ],
  ];
  const times = [];
  for (const [name, command, ...args] of steps) {
    process.stdout.write(`\n== ${name}\n`);
    const started = Date.now();
    await must(name, command, args);
    times.push(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${name}`);
  }
  const reports = [report, e2eReport].map((file) => JSON.parse(readFileSync(file, "utf8")));
  const sum = (key) => reports.reduce((total, one) => total + one[key], 0);
  process.stdout.write(`\n${times.join("\n")}\n\n`);
  process.stdout.write(
    `${sum("numPassedTests")} passed, ${sum("numFailedTests")} failed, ${sum("numPendingTests")} skipped\n`,
  );
}

const programs = {
  start: ["cli/dist/main.js", "start"],
  replay: ["testing/dist/replay/main.js"],
  "evm-tests": ["testing/dist/evm-tests/main.js"],
  sim: ["testing/dist/simulator/main.js"],
  bench: ["testing/dist/bench/main.js"],
  fuzz: ["testing/dist/fuzz/main.js"],
  interop: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.interop.config.ts"],
};

const [command = "", ...rest] = process.argv.slice(2);
if (command !== "build" && command !== "test" && !(command in programs)) {
  fail(`usage: node tools/run.mjs ${["build", "test", ...Object.keys(programs)].join("|")}`);
}
await install();
await build(command === "start" ? PRODUCT : workspaces);
if (command === "test") await test();
else if (command !== "build") process.exitCode = await run(process.execPath, [...programs[command], ...rest]);
