import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, utf8ToBytes } from "@tsbcos/core/primitives";
import { describeContracts } from "@tsbcos/core/executor";
import { selectorOf } from "@tsbcos/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CompilerHost } from "./compiler-host.js";
import { contractNames, createCompiler } from "./compiler.js";
import type { CompiledContract, CompileFailure, CompilerSettings, SolidityCompiler } from "./types.js";
import { BUNDLED } from "./versions.js";
import { interfaceFiles } from "./interfaces.js";

/** Loading a compiler takes seconds, and many of them on a busy machine. */
const PATIENCE_MS = 240_000;

let folder: string;
const compilers: SolidityCompiler[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-solidity-"));
});
afterAll(async () => {
  for (const compiler of compilers) await compiler.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function compiler(settings: Partial<CompilerSettings> = {}): SolidityCompiler {
  const made = createCompiler({ hash: "standard", contractsFolder: folder, ...settings });
  compilers.push(made);
  return made;
}

async function refusal(run: Promise<{ ok: true } | { ok: false; error: CompileFailure }>): Promise<CompileFailure> {
  const result = await run;
  if (result.ok) throw new Error("it was compiled");
  return result.error;
}

/** A contract that every line takes. What its constants are at run time is tried on chains, end to end. */
const HASHES = `
contract Hashes {
  event Noted(string text, uint256 indexed count);
  function note(string memory text) public { emit Noted(text, 1); }
  function other(address target) public returns (bool) { Hashes(target).note("x"); return true; }
}`;

const hashOf = (suite: CryptoSuite, text: string): string => bytesToHex(suite.hash(utf8ToBytes(text)));
describe.each(BUNDLED.map(({ version }) => version))("solc %s", (version) => {
  test.each([standardSuite, smSuite])(
    "cuts everything from the hash of $name chains",
    async (suite) => {
      const file = write(`hashes-${version}/Hashes.sol`, `pragma solidity ^${version};${HASHES}`);
      const result = await compiler({ hash: suite.name }).contract(file);
      if (!result.ok) throw new Error(result.error.message);
      const { runtimeBytecode: code, hash } = result.value;
      expect(hash).toBe(suite.name);
      const other = suite === smSuite ? standardSuite : smSuite;
      const topic = "Noted(string,uint256)";
      expect([code.includes(hashOf(suite, topic)), code.includes(hashOf(other, topic))]).toEqual([true, false]);
      for (const text of ["note(string)", "other(address)"]) {
        const within = [suite, other].map((one) => code.includes(`63${hashOf(one, text).slice(0, 8)}`));
        expect([text, ...within]).toEqual([text, true, false]);
      }
    },
    PATIENCE_MS,
  );

  test(
    "knows the interfaces of built-in contracts, function by function as the nodes have them",
    async () => {
      const imports = interfaceFiles().map((name) => `import "./${name}";`);
      const file = write(
        `built-in-${version}/All.sol`,
        `pragma solidity ^${version};\n${imports.join("\n")}\ncontract All {}`,
      );
      const compiled = await compiler().compile(file);
      expect(compiled).toMatchObject({ ok: true, value: { version } });
    },
    PATIENCE_MS,
  );
});

test(
  "the interfaces of built-in contracts are those of the nodes",
  async () => {
    // The compiler's own list of functions, from interfaces that are a project's files for once.
    const source = interfaceFiles()
      .filter((name) => name !== "KVTable.sol")
      .map((name) => `import "tsbcos/${name}";`);
    const uses = [
      "TableFactory",
      "Table",
      "Condition",
      "Entry",
      "Entries",
      "KVTableFactory",
      "KVTable",
      "Crypto",
      "CRUD",
    ];
    const more = ["CNS", "SystemConfig", "Consensus", "Permission", "ContractLifeCycle", "ChainGovernance"];
    const last = ["GasChargeManage", "DagTransfer", "ParallelConfigPrecompiled"];
    const contracts = [...uses, ...more, ...last].map((name) => `interface My${name} is ${name} {}`);
    const file = write("all/All.sol", ["pragma solidity ^0.8.0;", ...source, ...contracts].join("\n"));
    const compiled = await compiler().compile(file);
    if (!compiled.ok) throw new Error(compiled.error.message);
    const written = compiled.value.contracts.flatMap(({ abi }) =>
      abi.flatMap((item) => (item.type === "function" ? [selectorOf(item, standardSuite)] : [])),
    );
    const missing = /^(?:rotateWorkingSealer|paillierAdd|groupSigVerify|ringSigVerify|EQ\(string,address\))/;
    const known = describeContracts().flatMap(({ signatures }) => signatures.filter((text) => !missing.test(text)));
    const expected = known.map((text) => `0x${hashOf(standardSuite, text).slice(0, 8)}`);
    expect([...new Set(written)].sort()).toEqual([...new Set(expected)].sort());
  },
  PATIENCE_MS,
);

describe("a contract", () => {
  test(
    "is found by name and by path; of several in a file, the one that is meant",
    async () => {
      write("Two.sol", "pragma solidity ^0.6.0; contract One {} contract Two {} interface Three {}");
      write("Odd.sol", "pragma solidity ^0.6.0; interface I {} contract Only { }");
      const solc = compiler();
      const name = async (text: string): Promise<string> => {
        const found = await solc.contract(text);
        return found.ok ? found.value.name : found.error.code;
      };
      expect(await name("Two")).toBe("Two");
      expect(await name("Two.sol:One")).toBe("One");
      expect(await name(join(folder, "Two.sol:Three"))).toBe("Three");
      expect(await name("Odd")).toBe("Only");
      expect(await name("Two.sol:Four")).toBe("no-such-contract");
      const missing = await refusal(solc.contract("Nothing"));
      expect(missing.message).toContain("Odd, Two");
      expect(contractNames(folder)).toEqual(["Odd", "Two"]);
      expect(contractNames(join(folder, "nowhere"))).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "that is wrong is shown with its line and a caret, also behind text that is not ASCII",
    async () => {
      write("Bad.sol", 'pragma solidity ^0.6.0;\ncontract Bad {\n\tstring s = "钱钱𝄞"; uint256 x = true;\n}');
      const { code, message } = await refusal(compiler().contract("Bad"));
      expect(code).toBe("compile-errors");
      const [place, line, caret] = message.split("\n");
      expect(place).toMatch(/Bad\.sol:3:33: TypeError: .*not implicitly convertible/);
      expect(line).toBe('\tstring s = "钱钱𝄞"; uint256 x = true;');
      expect(line?.slice(caret?.indexOf("^"), caret?.length)).toBe("true");
    },
    PATIENCE_MS,
  );

  test(
    "whose pragma means an older line gets a hint",
    async () => {
      write("Old.sol", "pragma solidity >=0.4.22; contract Old { function Old() public { } function f() { throw; } }");
      const { message } = await refusal(compiler().contract("Old"));
      expect(message).toContain("the pragmas also allow 0.4.26, 0.5.17, 0.6.10");
      expect(await compiler({ version: "0.4" }).contract("Old")).toMatchObject({ ok: true });
    },
    PATIENCE_MS,
  );

  test(
    "that needs a library is linked, by either way of marking the place",
    async () => {
      const { link } = await import("./link.js");
      const text = "library Lib { function f() public pure returns (uint256) { return 1; } }";
      const use = "contract Use { function g() public pure returns (uint256) { return Lib.f(); } }";
      for (const [version, hash] of [
        ["0.4.26", "standard"],
        ["0.6.10", "sm"],
      ] as const) {
        write("Use.sol", `pragma solidity ^${version}; ${text} ${use}`);
        const found = await compiler({ hash }).contract("Use");
        const contract = (found as { value: CompiledContract }).value;
        expect(contract.libraries).toEqual(["Use.sol:Lib"]);
        expect(link(contract, {})).toMatchObject({ error: { code: "bad-artifact" } });
        expect(link(contract, { Lib: "0x12" })).toMatchObject({ error: { code: "bad-artifact" } });
        for (const name of ["Lib", "Use.sol:Lib"]) {
          const linked = link(contract, { [name]: `0x${"ab".repeat(20)}` });
          expect(linked).toMatchObject({
            ok: true,
            value: expect.stringMatching(/^[0-9a-f]*abababab[0-9a-f]*$/) as string,
          });
        }
      }
    },
    PATIENCE_MS,
  );
});

test("files that cannot be read are refused, not thrown", async () => {
  // A folder in place of a file fails for every user, also for one who may read everything.
  mkdirSync(join(folder, "Dir.bin"), { recursive: true });
  write("Dir.abi", "[]");
  expect((await refusal(compiler().contract(join(folder, "Dir.bin")))).code).toBe("no-such-contract");
  mkdirSync(join(folder, "Dir.sol"), { recursive: true });
  expect((await refusal(compiler().contract("Dir"))).code).toBe("no-such-contract");
  expect((await refusal(compiler().compile(join(folder, "nowhere.sol")))).code).toBe("no-such-contract");
});

test.each([
  ["", "true 1 0\n"],
  ["await compiler.close(); console.log('closed');", "true 1 0\nclosed\n"],
])(
  "an idle compiler does not keep a program from ending, and can be waited for (%j)",
  (last, printed) => {
    write("Idle.sol", "pragma solidity ^0.4.0; contract Idle {}");
    const settings = JSON.stringify({ hash: "standard", contractsFolder: folder });
    const module = JSON.stringify(new URL("../../dist/solidity/index.js", import.meta.url).href);
    const program = `import { createCompiler } from ${module};
      const compiler = createCompiler(${settings});
      const compiling = compiler.contract("Idle");
      const held = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
      await new Promise((done) => setImmediate(done));
      const during = held();
      const { ok } = await compiling;
      console.log(ok, during, held());
      ${last}`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
      timeout: 100_000,
    });
    expect([ended.status, ended.stdout]).toEqual([0, printed]);
  },
  PATIENCE_MS,
);

describe("contracts from elsewhere", () => {
  const ABI = [{ type: "function", name: "get", inputs: [], outputs: [], constant: true }];
  const code = (suite: CryptoSuite): string => `60806040${"63"}${hashOf(suite, "get()").slice(0, 8)}14`;

  test("are pairs of .abi and .bin, on SM chains from sm/ first; old ABIs are understood", async () => {
    write("bins/Pair.abi", JSON.stringify(ABI));
    write("bins/Pair.bin", `0x${code(standardSuite)}\n`);
    write("bins/sm/Pair.bin", code(smSuite));
    const contractsFolder = join(folder, "bins");
    for (const suite of [standardSuite, smSuite]) {
      const found = await compiler({ contractsFolder, hash: suite.name }).contract("Pair");
      expect(found).toMatchObject({
        value: { name: "Pair", hash: suite.name, bytecode: code(suite), abi: [{ stateMutability: "view" }] },
      });
    }
  });

  test("made for chains of the other hash are refused, with what to do", async () => {
    write("others/Pair.abi", JSON.stringify(ABI));
    write("others/Pair.bin", code(standardSuite));
    const contractsFolder = join(folder, "others");
    const { code: reason, message } = await refusal(compiler({ contractsFolder, hash: "sm" }).contract("Pair"));
    expect(reason).toBe("wrong-hash");
    expect(message).toContain("sm/Pair.bin");
  });

  test.each([
    ["no .abi", undefined, "6080"],
    ["an .abi that is no JSON", "{", "6080"],
    ["an .abi that is no list", "{}", "6080"],
    ["a .bin that is no code", "[]", "hello"],
    ["a .bin that is cut off", "[]", "608"],
    ["a .bin with many places for libraries and a letter too much", "[]", `${`__${"a".repeat(36)}__`.repeat(200)}z`],
  ])("with %s are refused", async (name, abi, bin) => {
    const base = name.replace(/\W/g, "");
    if (abi !== undefined) write(`broken/${base}.abi`, abi);
    write(`broken/${base}.bin`, bin);
    expect((await refusal(compiler().contract(join(folder, `broken/${base}.bin`)))).code).toBe("bad-artifact");
  });
});

describe("another compiler", () => {
  test(
    "can be named: a soljson file, or a program",
    async () => {
      write("named/A.sol", "pragma solidity ^0.6.0; contract A { function get() public pure {} }");
      const contractsFolder = join(folder, "named");
      const soljson = BUNDLED[2]?.file() ?? "";
      for (const hash of ["standard", "sm"] as const) {
        const found = await compiler({ contractsFolder, hash, solc: soljson }).contract("A");
        expect(found).toMatchObject({ value: { hash, compiler: expect.stringContaining("0.6.10+commit") as string } });
      }
      // A native compiler, as far as we talk to one: around the same soljson.
      const native = join(folder, "solc-native");
      const program = `#!${process.execPath}
const s = require(${JSON.stringify(soljson)});
if (process.argv[2] === "--version") console.log("solc\\nVersion: 0.6.10+commit.00c0fcaf.Linux.g++");
else console.log(s.cwrap("solidity_compile", "string", ["string", "number", "number"])(require("fs").readFileSync(0, "utf8"), 0, 0));
`;
      writeFileSync(native, program, { mode: 0o755 });
      expect(await compiler({ contractsFolder, solc: native }).contract("A")).toMatchObject({
        value: { hash: "standard" },
      });
      // It does not know SM3.
      expect((await refusal(compiler({ contractsFolder, solc: native, hash: "sm" }).contract("A"))).code).toBe(
        "wrong-hash",
      );
      expect((await refusal(compiler({ contractsFolder, solc: join(folder, "nowhere") }).contract("A"))).code).toBe(
        "no-such-version",
      );
    },
    PATIENCE_MS,
  );
});

describe("the compiler's process", () => {
  test(
    "may end however it likes: the compilation fails, and the next one works",
    async () => {
      const host = new CompilerHost();
      const choice = { file: BUNDLED[0]?.file() ?? "", hash: "standard" as const };
      const children = (): string[] =>
        spawnSync("pgrep", ["-P", String(process.pid), "-f", "compiler-process"], { encoding: "utf8" })
          .stdout.trim()
          .split("\n")
          .filter((pid) => pid !== "");
      const others = new Set(children());
      expect(await host.run(choice, "")).toMatchObject({ value: expect.stringContaining("0.4.26") as string });
      const before = children().filter((pid) => !others.has(pid));
      expect(before).toHaveLength(1);
      const running = host.run(choice, "{}");
      await new Promise((done) => setImmediate(done));
      for (const pid of before) process.kill(Number(pid), "SIGKILL");
      expect(["compiler-failed", undefined]).toContain(((await running) as { error?: CompileFailure }).error?.code);
      expect(await host.run(choice, "not even JSON")).toMatchObject({ ok: true });
      // A file that is no compiler.
      const bad = write("not-a-compiler.js", "process.exit(7)");
      expect(await host.run({ file: bad, hash: "standard" }, "{}")).toMatchObject({
        error: { code: "compiler-failed", message: expect.stringContaining("exit 7") as string },
      });
      // Ended by somebody else while nobody asked anything of it.
      await host.run(choice, "");
      const idle = children().filter((pid) => !others.has(pid));
      for (const pid of idle) process.kill(Number(pid), "SIGKILL");
      await new Promise((done) => setTimeout(done, 500));
      await host.close();
      expect(children().filter((pid) => !others.has(pid))).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "is not even started for what was compiled before, in this session or an earlier one",
    async () => {
      write("cached/A.sol", "pragma solidity ^0.4.0; contract A { function get() public pure {} }");
      const contractsFolder = join(folder, "cached");
      const settings = { hash: "standard", contractsFolder, cacheFolder: join(folder, "cache") } as const;
      const first = await compiler(settings).contract("A");
      const [file] = readdirSync(settings.cacheFolder);
      expect(file).toMatch(/^[0-9a-f]{64}\.json$/);
      const again = createCompiler(settings);
      expect(await again.contract("A")).toEqual(first);
      // Half a file is as good as none.
      writeFileSync(join(settings.cacheFolder, String(file)), '{"contracts":');
      expect(await compiler(settings).contract("A")).toEqual(first);
      await again.close();
    },
    PATIENCE_MS,
  );
});
