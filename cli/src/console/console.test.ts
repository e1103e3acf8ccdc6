import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import { CodedError } from "@tsbcos/core/primitives";
import {
  accountFromPrivateKey,
  ConnectionError,
  PrecompiledError,
  RpcError,
  TransactionFailedError,
  type Client,
} from "@tsbcos/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccountFolder } from "./accounts.js";
import { arityOf } from "./command.js";
import { COMMANDS } from "./commands/index.js";
import { complete } from "./completion.js";
import { failureOf } from "./failures.js";
import { helpOf } from "./help.js";
import { mayBeKept, readHistory, writeHistory } from "./history.js";
import { homeIn, prepareHome, type Home } from "./home.js";
import { consoleWords } from "./index.js";
import { formatJson, jsonOf, rightsTable } from "./print.js";
import { runLine, runWords } from "./runner.js";
import { runConsole } from "./run.js";
import { EXIT, runScript, runStatements, type Streams } from "./script.js";
import { Session, type Person } from "./session.js";
import { TerminalConsole } from "./terminal.js";

let home: Home;
beforeEach(() => {
  home = homeIn(mkdtempSync(join(tmpdir(), "tsbcos-console-")));
});
afterEach(() => {
  rmSync(home.directory, { recursive: true, force: true });
});

const ACCOUNT = accountFromPrivateKey("1".repeat(64));

/** A client of a chain that knows nothing but its height, and takes as long as it is told. */
function fakeClient(height: () => Promise<number>): Client {
  const client = {
    groupId: 1,
    account: ACCOUNT,
    chain: { suite: ACCOUNT.suite, transport: { endpoints: ["127.0.0.1:20200", "http://127.0.0.1:8545/"] } },
    rpc: {
      getBlockNumber: height,
      getBlockHashByNumber: () => Promise.resolve("0x12"),
      request: (method: string) => Promise.resolve(method === "getGroupList" ? [1, 22] : ["ab".repeat(64)]),
    },
    close: () => Promise.resolve(),
  };
  return client as unknown as Client;
}

function sessionWith(height: () => Promise<number> = () => Promise.resolve(7), person?: Person): Session {
  return new Session({
    home,
    person: person ?? { askPassword: () => Promise.resolve("secret") },
    commandNames: COMMANDS.commands.map(({ name }) => name),
    connect: () => Promise.resolve(fakeClient(height)),
  });
}

/** A session on no chain: whatever asks one fails the test. */
const unreachable = (): Session =>
  new Session({
    home,
    person: { askPassword: () => Promise.reject(new Error("asked")) },
    commandNames: [],
    connect: () => Promise.reject(new Error("connected")),
  });

describe("every command", () => {
  test("goes by a name of its own", () => {
    const names = COMMANDS.commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(COMMANDS.commands.map((command) => [command.name, command] as const))(
    "%s explains itself, and refuses wrong counts before anything is asked of a chain",
    async (name, command) => {
      const help = await runLine(COMMANDS, unreachable(), `${name} -h`);
      expect(help).toMatchObject({ ok: true, outcome: { text: [helpOf(command)] } });
      for (const example of command.examples) expect(example.split(" ")[0]).toBe(name);
      const { min, max } = arityOf(command);
      const wrong = [
        ...(min > 0 ? [min - 1] : []),
        ...(max === Infinity || command.statement === true ? [] : [max + 1]),
      ];
      for (const count of wrong) {
        const ran = await runWords(COMMANDS, unreachable(), [name, ...Array<string>(count).fill("x")]);
        expect(ran, `${count} words`).toMatchObject({ ok: false, failure: { isUsage: true } });
        if (!ran.ok) expect(ran.failure.message).toContain(`not ${count}.`);
      }
    },
  );
});

describe("a line", () => {
  test("runs, whatever its words are quoted in", async () => {
    const session = sessionWith();
    expect(await runLine(COMMANDS, session, "getBlockNumber")).toMatchObject({
      ok: true,
      outcome: { text: ["7"], value: 7 },
    });
    expect(await runLine(COMMANDS, session, 'getBlockHashByNumber "7"')).toMatchObject({ ok: true });
    expect(await runLine(COMMANDS, session, "h quit")).toMatchObject({ ok: true });
  });

  test.each([
    ["getBlockNumbr", "Did you mean getBlockNumber"],
    ["getblocknumber", "Did you mean getBlockNumber"],
    ["Deploy", "Did you mean deploy"],
    ["charger", "grantCharger"],
    ["xyz", 'Undefined command: "xyz". Try "help".'],
    ["getBlockByNumber 1 maybe", "flag: This is true or false"],
    ["getCode 0x12", "40 hexadecimal digits"],
    ['getCode "0x12', "never closed"],
    ["addPeers 127.0.0.1:20200 nonsense", "peers: A node is named as host:port"],
    ["switch 0", "from 1 to 32767"],
  ])("%s says what is wrong", async (line, message) => {
    const ran = await runLine(COMMANDS, unreachable(), line);
    expect(ran).toMatchObject({ ok: false, failure: { code: "usage", isUsage: true } });
    if (!ran.ok) expect(ran.failure.message).toContain(message);
  });

  test("a statement that cannot be read is a wrong command to scripts, under its own code", async () => {
    const session = sessionWith();
    expect(await runLine(COMMANDS, session, "select * from")).toMatchObject({
      ok: false,
      failure: { code: "unparsable", isUsage: true },
    });
  });

  test("that goes wrong in a way nobody expected shows no stack, and says where it is", async () => {
    const ran = await runLine(
      COMMANDS,
      sessionWith(() => Promise.reject(new TypeError("x is not a function"))),
      "getBlockNumber",
    );
    expect(ran.ok ? [] : ran.failure.text).toEqual([
      `Something went wrong that should not: x is not a function. The details are in ${home.errorLog}.`,
    ]);
    expect(readFileSync(home.errorLog, "utf8")).toContain("console.test.ts");
  });
});

describe("failures", () => {
  test("codes of contracts are shown as scripts know them, with what to do", () => {
    const error = new PrecompiledError({ returnCode: -50000, text: "Permission denied", receipt: undefined });
    const { text, code, message } = failureOf(error, home);
    expect(text[0]).toBe('{\n    "code":-50000,\n    "msg":"Permission denied"\n}');
    expect(code).toBe(-50000);
    expect(message).toMatch(/^Permission denied\. .*loadAccount/);
  });

  test("a call to where no contract is names the address once, as addresses are written", () => {
    const nowhere = "0".repeat(36) + "9999";
    const reason = `Error address:${nowhere}`;
    const { text, message } = failureOf(new TransactionFailedError({ status: 26, reason, receipt: undefined }), home);
    expect(text).toEqual([
      `description: Call address error (status 26): there is no contract at 0x${nowhere} in this group`,
      "getDeployLog shows what was deployed where.",
    ]);
    expect(message).toBe(
      `Call address error (status 26): there is no contract at 0x${nowhere} in this group. getDeployLog shows what was deployed where.`,
    );
  });

  test("the reason of a contract is told once, and in the one sentence of programs", () => {
    const error = new TransactionFailedError({ status: 22, reason: "balance too small", receipt: undefined });
    const { text, message } = failureOf(error, home);
    expect(text).toEqual(["description: Revert instruction (status 22)", "Return message: balance too small"]);
    expect(message).toBe("Revert instruction (status 22): balance too small");
  });

  test("answers of nodes are shown with their own code", () => {
    const error = new RpcError({
      method: "m",
      rpcCode: -40004,
      rpcMessage: "BlockNumber does not exist",
      endpoint: "n",
    });
    expect(failureOf(error, home)).toMatchObject({ code: -40004, isUsage: false });
    expect(failureOf(error, home).text.join()).toContain("getBlockNumber");
  });
});

describe("without a terminal", () => {
  interface Kept extends Streams {
    readonly printed: string[];
    readonly said: string[];
  }

  function streams(json: boolean): Kept {
    const printed: string[] = [];
    const said: string[] = [];
    const into = (list: string[]): Streams["output"] => ({ write: (text: string) => list.push(text) > 0 });
    return { json, printed, said, output: into(printed), errors: into(said) };
  }

  test("statements run in turn, and end at the first that fails", async () => {
    const kept = streams(true);
    const lines = ["getBlockNumber", "", "getCode", "getBlockNumber"];
    expect(await runStatements(COMMANDS, sessionWith(), lines, kept)).toBe(EXIT.usage);
    expect(kept.printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([7, { code: "usage" }]);
  });

  test("a script tells the line that failed, and passes over remarks", async () => {
    const kept = streams(false);
    const script = Readable.from(["# a remark\n\ngetBlockNumber\ngetBlockNumber x\ngetBlockNumber\n"]);
    expect(await runScript(COMMANDS, sessionWith(), script, kept)).toBe(EXIT.usage);
    expect(kept.said).toEqual(["Line 4: the command failed.\n"]);
    expect(kept.printed[0]).toBe("7\n");
    expect(kept.printed).toHaveLength(2);
  });

  test("a script ends at quit", async () => {
    const kept = streams(true);
    expect(await runScript(COMMANDS, sessionWith(), Readable.from(["quit\nnonsense\n"]), kept)).toBe(EXIT.done);
    expect(kept.printed).toEqual([]);
  });

  test.each([
    [["0", "getBlockNumber"], {}],
    [["40000"], {}],
    [["getBlockNumber"], { group: "one" }],
  ])("a group that cannot be is refused before anything is looked for: %j %j", async (words, options) => {
    const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await runConsole(words, options, "0.0.0")).toBe(EXIT.usage);
      expect(told.mock.calls.join("")).toContain("A group is a whole number from 1 to 32767");
    } finally {
      told.mockRestore();
    }
  });

  test("a word that is no command is told as that, also where there is no chain", async () => {
    const told = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(await runConsole(["getBlokNumber"], { chain: "/nothing" }, "0.0.0")).toBe(EXIT.usage);
      expect(told.mock.calls.join("")).toContain("Did you mean getBlockNumber");
    } finally {
      told.mockRestore();
    }
  });

  test("what strangers wrote is printed without what steers terminals, and whole in JSON", async () => {
    const failing = sessionWith(() => Promise.reject(new CodedError("no-luck", "a\u001b[2Jb")));
    const [plain, json] = [streams(false), streams(true)];
    for (const kept of [plain, json]) await runStatements(COMMANDS, failing, ["getBlockNumber"], kept);
    expect(plain.printed).toEqual(["a·[2Jb\n"]);
    expect(json.printed).toEqual(['{"code":"no-luck","message":"a\\u001b[2Jb"}\n']);
  });

  test("a command that failed has an exit code of its own", async () => {
    const failing = sessionWith(() => Promise.reject(new CodedError("no-luck", "No luck.")));
    const kept = streams(true);
    expect(await runScript(COMMANDS, failing, Readable.from(["getBlockNumber"]), kept)).toBe(EXIT.failed);
    expect(kept.printed).toEqual(['{"code":"no-luck","message":"No luck.","line":1}\n']);
  });
});

describe("the tab key", () => {
  test.each([
    ["getBlockN", ["getBlockNumber "]],
    ["GETPBFT", ["getPbftView "]],
    ["getBlockByNumber 1 t", ["true "]],
    ["switch 2", ["22 "]],
    ["getPeers 127", ["127.0.0.1:20200 ", "127.0.0.1:8545 "]],
    ["addSealer a", [`${"ab".repeat(64)} `]],
    ["setSystemConfigByKey tx_g", ["tx_gas_limit "]],
    ["help queryT", ["queryThreshold "]],
    ["deploy H", ["HelloWorld "]],
    ["call HelloWorld l", ["latest "]],
    ["loadAccount 0x1", ["0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a "]],
    ["getCurrentAccount x", []],
    ["nonsense x", []],
    ["select * from t", []],
  ])("completes %s", async (line, words) => {
    prepareHome(home);
    mkdirSync(join(home.accountFolder, "ecdsa"), { recursive: true });
    writeFileSync(join(home.accountFolder, "ecdsa", `${ACCOUNT.address}.pem`), "");
    const session = sessionWith();
    await session.connected();
    const [found] = await complete(COMMANDS, session, line);
    expect(found).toEqual(words);
  });
});

describe("the history", () => {
  test("is kept for its owner alone, without passwords", () => {
    expect(mayBeKept(COMMANDS, "newAccount p12")).toBe(true);
    expect(mayBeKept(COMMANDS, "newAccount p12 hunter2")).toBe(false);
    writeHistory(home.historyFile, ["latest", "before"]);
    expect(readHistory(home.historyFile)).toEqual(["latest", "before"]);
    expect(statSync(home.historyFile).mode & 0o777).toBe(0o600);
    expect(readHistory(join(home.directory, "nothing"))).toEqual([]);
  });
});

describe("the folder of the console", () => {
  test("gets the examples once", () => {
    prepareHome(home);
    const hello = join(home.contractFolder, "HelloWorld.sol");
    expect(readFileSync(hello, "utf8")).toContain("contract HelloWorld");
    rmSync(hello);
    prepareHome(home);
    expect(() => readFileSync(hello)).toThrow("ENOENT");
  });

  test("that cannot be made is told with what to do", () => {
    writeFileSync(join(home.directory, "file"), "");
    expect(() => {
      prepareHome(homeIn(join(home.directory, "file", "console")));
    }).toThrow(/\(ENOTDIR\)\. Name a folder of yours with --home\./);
  });
});

describe("accounts", () => {
  test("are found by address or path, and the one that acts is remembered", async () => {
    const folder = new AccountFolder(home.accountFolder, ACCOUNT.suite);
    const { account, file } = await folder.create({ format: "pem" });
    expect(folder.list()).toEqual([{ address: account.address, name: `${account.address}.pem`, path: file }]);
    expect(folder.find(account.address)).toBe(file);
    expect(folder.find(account.address.slice(2).toUpperCase())).toBe(file);
    expect(() => folder.find("0x12")).toThrow("listAccount shows");
    expect(folder.remembered()).toBeUndefined();
    folder.remember(file);
    expect(folder.remembered()).toBe(file);
    expect((await folder.read(file, () => Promise.reject(new Error("asked")))).address).toBe(account.address);
  });
});

describe("at a terminal", () => {
  interface Screen {
    /** Types, and waits until this is shown. */
    readonly type: (text: string, wanted: string) => Promise<void>;
    readonly shown: () => string;
    readonly left: Promise<void>;
  }

  function sit(height?: () => Promise<number>): Screen {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = "";
    output.on("data", (chunk: Buffer) => (shown += chunk.toString("utf8")));
    Object.assign(output, { columns: 200, rows: 40 });
    const terminal = new TerminalConsole(COMMANDS, {
      input: input as unknown as ReadStream,
      output: output as unknown as WriteStream,
      isPlain: false,
      historyFile: home.historyFile,
    });
    const left = (async () => {
      const session = sessionWith(height, terminal);
      await session.connected();
      await terminal.converse(session);
    })();
    let seen = 0;
    return {
      left,
      shown: () => shown,
      type: async (text, wanted) => {
        input.write(text);
        await vi.waitFor(() => {
          expect(shown.slice(seen)).toContain(wanted);
        }, within);
        seen = shown.length;
      },
    };
  }

  /** On a machine that does ten other things. */
  const within = { timeout: 60_000, interval: 5 };
  const PROMPT = "[group:1]> ";

  test("lines run, and Ctrl-D leaves", async () => {
    const { type, shown, left } = sit();
    await type("", PROMPT);
    await type("getBlockNumber\r", "\n7\n");
    await type("getBlockNumbr\r", "Did you mean getBlockNumber");
    await type("\u0004", "");
    await left;
    expect(shown()).toContain(PROMPT);
    expect(readHistory(home.historyFile)).toEqual(["getBlockNumbr", "getBlockNumber"]);
  });

  test("what strangers wrote does not steer it", async () => {
    const { type, shown, left } = sit(() =>
      Promise.reject(new CodedError("no-luck", "a\u001b[2Jb\u0007c\td\ne\u009bf")),
    );
    await type("", PROMPT);
    await type("getBlockNumber\r", "a·[2Jb·c\td\ne·f");
    expect(shown()).not.toContain("\u001b[2J");
    await type("\u0004", "");
    await left;
  });

  test("Ctrl-C throws away the line that is typed, and no more", async () => {
    const { type, shown, left } = sit();
    await type("", PROMPT);
    await type("nonsense", "nonsense");
    await type("\u0003", "^C");
    await type("getBlockNumber\r", "\n7\n");
    await type("quit\r", "quit");
    await left;
    expect(shown()).not.toContain("Undefined command");
  });

  test("Ctrl-C ends a command that runs, and the console stays", async () => {
    let asked = 0;
    const { type, left } = sit(() => (asked++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve(8)));
    await type("", PROMPT);
    await type("getBlockNumber\r", "getBlockNumber");
    await vi.waitFor(() => {
      expect(asked).toBe(1);
    }, within);
    await type("\u0003", "Not waited for any longer");
    await type("getBlockNumber\r", "\n8\n");
    await type("q\r", "q");
    await left;
  });

  test("when no node answers it says that it goes on, and does", async () => {
    let asked = 0;
    const { type, left } = sit(() =>
      asked++ === 0 ? Promise.reject(new ConnectionError("No node answers.")) : Promise.resolve(9),
    );
    await type("", PROMPT);
    await type("getBlockNumber\r", "No node answers.\nThe console goes on as soon as a node answers again.");
    await type("getBlockNumber\r", "\n9\n");
    await type("q\r", "q");
    await left;
  });

  test("passwords are asked for unseen, twice, and kept nowhere", async () => {
    const { type, shown, left } = sit();
    await type("", PROMPT);
    await type("newAccount p12\r", "Password: ");
    await type("hunter2\r", "Once more: ");
    await type("hunter3\r", "The two passwords differ");
    await type("newAccount p12\r", "Password: ");
    await type("hun\u0003", "Broken off");
    await type("exit\r", "exit");
    await left;
    expect(shown()).not.toContain("hun");
    expect(readFileSync(home.historyFile, "utf8")).not.toContain("hun");
  });
});

describe("the command line", () => {
  const words = (...given: string[]): readonly string[] => consoleWords(["node", "tsbcos", ...given]).slice(2);

  test("has a group in front, and the options of the scripts of old", () => {
    expect(words("console", "2", "-pem", "a.pem", "deploy", "-pem")).toEqual([
      "console",
      "--group",
      "2",
      "--pem",
      "a.pem",
      "deploy",
      "-pem",
    ]);
    expect(words("console", "-p12", "a.p12")).toEqual(["console", "--p12", "a.p12"]);
    expect(words("console")).toEqual(["console"]);
    expect(words("account", "2")).toEqual(["account", "2"]);
  });
});

describe("printed forms", () => {
  test("JSON, as scripts know it", () => {
    expect(formatJson({ code: 1, list: [1n, new Uint8Array([255])], none: undefined, empty: {} })).toBe(
      '{\n    "code":1,\n    "list":[\n        "1",\n        "0xff"\n    ],\n    "empty":{}\n}',
    );
    expect(formatJson([])).toBe("[]");
    expect(jsonOf(undefined)).toBeNull();
  });

  test("rights, in the middle of their columns", () => {
    const lines = rightsTable(["address", "enable_num"], [[ACCOUNT.address, "2"]]).split("\n");
    expect(new Set(lines.map(({ length }) => length))).toEqual(new Set([93]));
    expect(lines[2]).toBe(`| ${ACCOUNT.address}  |                      2                      |`);
  });
});
