import { execFile, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { COMMANDS, destinationOf, openSession, runLine, type Ran, type Session } from "tsbcos/console";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain, until } from "../harness/index.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(ROOT, "cli", "dist", "main.js");
const TRANSCRIPTS = fileURLToPath(new URL("console", import.meta.url));
const run = promisify(execFile);

/** Set it to write the transcripts anew; the difference is to be read before it is kept. */
const IS_RECORDING = process.env["RECORD_TRANSCRIPTS"] === "1";

/** What commands of a transcript may name: it is another one in every run. */
const variables = new Map<string, string>();

let chain: TestChain;
let folder: string;
let session: Session;

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  await chain.acquainted();
  folder = mkdtempSync(join(tmpdir(), "tsbcos-console-"));
  writeFileSync(
    join(folder, "group.toml"),
    `# A new group on two nodes\n[groupPeers]\npeers = [${[0, 1].map((index) => `"127.0.0.1:${chain.node(index).channelPort}"`).join(", ")}]\n[consensus]\n[genesis]\ntimestamp = "1700000000000"\n`,
  );
  session = openSession(destinationOf({ chain: chain.directory, home: folder }, folder), {
    person: { askPassword: () => Promise.resolve("secret") },
    groupId: 1,
  });
  variables.set("$FIRST", (await session.connected()).account.address);
});
afterAll(async () => {
  await session.close();
  await chain.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function noteVariables(text: string): void {
  const patterns: readonly (readonly [string, RegExp])[] = [
    ["$TRANSACTION", /transaction ?hash: ?(0x[0-9a-f]{64})/i],
    ["$CONTRACT", /contract address: (0x[0-9a-f]{40})/],
    ["$BLOCK", /^(0x[0-9a-f]{64})$/m],
    ["$OTHER", /newAccount: (0x[0-9a-f]{40})/],
  ];
  for (const [name, pattern] of patterns) {
    const [, value] = pattern.exec(text) ?? [];
    if (value !== undefined) variables.set(name, value);
  }
  variables.set("$ACCOUNT", session.client.account.address);
  for (const node of chain.nodes) {
    variables.set(`$NODE${node.index}`, `127.0.0.1:${node.channelPort}`);
    variables.set(`$PEER${node.index}`, `127.0.0.1:${node.p2pPort}`);
    variables.set(`$ID${node.index}`, node.nodeId);
  }
  variables.set("$FOLDER", folder);
}

function withVariables(line: string): string {
  return line.replace(/\$[A-Z]+\d?/g, (name) => variables.get(name) ?? name);
}

/** What differs from run to run, and is nobody's promise, made the same. */
function normalised(text: string): string {
  let plain = text.replaceAll(folder, "<folder>").replaceAll(chain.directory, "<chain>");
  for (const { index, channelPort, p2pPort } of chain.nodes) {
    plain = plain.replaceAll(`127.0.0.1:${channelPort}`, `<node${index}>`).replaceAll(`127.0.0.1:${p2pPort}`, "<peer>");
  }
  return (
    plain
      .replace(/127\.0\.0\.1:\d+/g, "<peer>")
      .replace(/"(signature|nonce|logsBloom|timestamp|r|s|v|code|input)":"0x[0-9a-f]*"/g, '"$1":"<$1>"')
      .replace(/"signatureList":\[[^\]]*\]/g, '"signatureList":[<signatures>]')
      .replace(/0x[0-9a-f]{100,}/g, "<bytes>")
      .replace(/(?<!\w)[0-9a-f]{128}(?!\w)/g, "<node id>")
      .replace(/(?<!\w)(0x)?[0-9a-f]{64}(?!\w)/g, "<hash>")
      // The chain's own contracts have addresses that everybody knows.
      .replace(/0x(?!0{30})[0-9a-f]{40}(?!\w)/g, "<address>")
      .replace(/(?<=contract:)[0-9a-f]{40}/g, "<address>")
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")
      .replace(/"(sealer|index|blockLimit|IPAndPort|Node)":"[^"]*"/g, '"$1":"<$1>"')
      .replace(/"(currentView|toView|view|node_index|connectedNodes)":\d+/g, '"$1":<number>')
      .replace(/"(leaderFailed|isSyncing)":(true|false)/g, '"$1":<flag>')
      // A node that was not heard of yet is not in the list.
      .replace(/(\s*\{\s*"nodeId":"<node id>",\s*"view":<number>\s*\},?)+/g, "<views>")
      .replace(/"Topic":\[[^\]]*\]/g, '"Topic":[<topics>]')
      .replace(/"sealer\.\d"/g, '"sealer.<n>"')
  );
}

/** Lines behind `> ` are commands, what follows is what they say. */
function commandsOf(transcript: string): readonly string[] {
  return [...transcript.matchAll(/^> (.*)$/gm)].map(([, command = ""]) => command);
}

const used = new Map<string, { done: number; refused: number }>();

async function perform(command: string): Promise<string> {
  noteVariables("");
  const ran: Ran = await runLine(COMMANDS, session, withVariables(command));
  const text = ran.ok ? ran.outcome.text.join("\n") : ran.failure.text.join("\n");
  noteVariables(text);
  const name = COMMANDS.find(command.split(" ")[0] ?? "")?.name ?? "";
  const count = used.get(name) ?? { done: 0, refused: 0 };
  used.set(name, { done: count.done + Number(ran.ok), refused: count.refused + Number(!ran.ok) });
  // Views change when a node is slow to answer, as nodes of a busy machine are.
  const said = command === "getPbftView" ? text.replace(/^\d+$/, "<number>") : normalised(text).trimEnd();
  return ran.ok ? said : `(failed: ${ran.failure.isUsage ? "usage" : String(ran.failure.code)})\n${said}`;
}

describe("transcripts: what every command says, with right and with wrong arguments", () => {
  // One after the other, on one chain: what an earlier one leaves is there for a later one.
  test.each(readdirSync(TRANSCRIPTS).sort())("%s", { retry: 0 }, async (name) => {
    const file = join(TRANSCRIPTS, name);
    const stored = readFileSync(file, "utf8");
    const lines: string[] = [];
    for (const command of commandsOf(stored)) {
      const said = await perform(command);
      lines.push(`> ${command}`, said, "");
    }
    const transcript = `${lines.join("\n").trimEnd()}\n`;
    if (IS_RECORDING) writeFileSync(file, transcript);
    else expect(transcript).toBe(stored);
  });

  test("no command is left out", () => {
    const missing = COMMANDS.commands.flatMap(({ name }) => {
      const count = used.get(name);
      return count === undefined || count.done === 0 || count.refused === 0 ? [name] : [];
    });
    // To leave is no answer; it is tried below.
    expect(missing).toEqual(["quit"]);
  });
});

describe("the program", () => {
  const words = (...more: readonly string[]): string[] => [COMMAND, "console", "--home", folder, ...more];
  const inChain = { cwd: "" };
  beforeAll(() => {
    inChain.cwd = chain.node(2).directory;
  });

  test("finds the chain from the folder of a node, and runs one command", async () => {
    const { stdout } = await run(process.execPath, words("getGroupList"), inChain);
    expect(stdout).toBe("[1, 2]\n");
  });

  test("runs several commands in turn, prints JSON, and stops at the first that fails with its code", async () => {
    const running = run(
      process.execPath,
      words("--json", "-e", "getPendingTxSize", "-e", "call Nothing latest get", "-e", "getPbftView"),
      inChain,
    );
    await expect(running).rejects.toMatchObject({ code: 1 });
    const { stdout } = (await running.catch((error: unknown) => error)) as { stdout: string };
    const lines = stdout.trim().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toBe(0);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ code: "never-deployed" });
    expect(lines).toHaveLength(2);
  });

  test("reads a script, and tells the line that was wrong with code 2", async () => {
    const child = spawn(process.execPath, words(), { ...inChain, stdio: "pipe" });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdin.end("# sizes\n\ngetPendingTxSize\ngetCode nowhere\ngetPbftView\n");
    expect(await new Promise((done) => child.once("close", done))).toBe(2);
    expect(output).toMatch(/^0\ncontractAddress: An address is 40 hexadecimal digits/);
    expect(errors).toContain("Line 4:");
  });

  test("leaves a script with quit", async () => {
    const child = spawn(process.execPath, words(), { ...inChain, stdio: ["pipe", "ignore", "inherit"] });
    child.stdin.end("quit\nnonsense\n");
    expect(await new Promise((done) => child.once("close", done))).toBe(0);
  });

  test("takes the folder of a Java console as it is", async () => {
    const java = join(folder, "java");
    mkdirSync(join(java, "conf"), { recursive: true });
    for (const file of ["ca.crt", "sdk.crt", "sdk.key"]) {
      copyFileSync(join(chain.sdkFolder, file), join(java, "conf", file));
    }
    const { address } = session.client.account;
    mkdirSync(join(java, "account", "ecdsa"), { recursive: true });
    copyFileSync(join(folder, "account", "ecdsa", `${address}.pem`), join(java, "account", "ecdsa", `${address}.pem`));
    const peers = chain.nodes.map(({ channelPort }) => `"127.0.0.1:${channelPort}"`).join(", ");
    writeFileSync(
      join(java, "conf", "config.toml"),
      `[cryptoMaterial]\ncertPath = "conf" # here\n[network]\npeers=[${peers}]\n[account]\nkeyStoreDir = "account"\naccountAddress = "${address}"\n`,
    );
    const { stdout } = await run(process.execPath, [COMMAND, "console", "1", "getCurrentAccount"], { cwd: java });
    expect(stdout).toBe(`${address}\n`);
  });

  test("says what to do when there is no chain, no such group, no such account", async () => {
    const nowhere = mkdtempSync(join(tmpdir(), "tsbcos-nowhere-"));
    await expect(run(process.execPath, [COMMAND, "console", "getPbftView"], { cwd: nowhere })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm start") as string,
    });
    rmSync(nowhere, { recursive: true });
    const of = (...more: readonly string[]): Promise<unknown> => run(process.execPath, words(...more), inChain);
    await expect(of("--group", "7", "getPbftView")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("and not 7") as string,
    });
    await expect(of("--pem", "0x00", "getPbftView")).rejects.toMatchObject({
      stdout: expect.stringContaining("There is no account file 0x00") as string,
    });
  });
});

test("while the nodes are gone a sentence says so, and the console goes on when they return", async () => {
  for (const node of chain.nodes) await node.end("SIGTERM");
  const gone = await runLine(COMMANDS, session, "getBlockNumber");
  expect(gone.ok ? "" : gone.failure.message).toContain("None of 4 nodes answers");
  for (const node of chain.nodes) node.start();
  await Promise.all(chain.nodes.map((node) => chain.connected(node)));
  await until("it answers again", async () => (await runLine(COMMANDS, session, "getBlockNumber")).ok);
});

describe("on an SM chain, over SM TLS", () => {
  let sm: TestChain;
  beforeAll(async () => {
    sm = await TestChain.build(["-g", "-G"]);
    await sm.start();
  });
  afterAll(() => sm.dispose());

  test("everything is of the chain's kind by itself", async () => {
    const commands = [
      "getCryptoType",
      "deploy Token 7",
      "call Token latest totalSupply",
      "deployByCNS HelloWorld 1",
      "callByCNS HelloWorld get",
      "newAccount",
    ];
    const words = commands.flatMap((command) => ["-e", command]);
    const { stdout } = await run(process.execPath, [COMMAND, "console", ...words], { cwd: sm.directory });
    expect(stdout).toMatch(/^ledger crypto type: SM\nssl crypto type: SM\n/);
    expect(stdout).toContain("Return values:(7)");
    expect(stdout).toContain("Return values:(Hello, World!)");
    expect(stdout).toMatch(/AccountPath: console\/account\/gm\/0x[0-9a-f]{40}\.pem\n[^]*AccountType: sm\n$/);
  });
});
