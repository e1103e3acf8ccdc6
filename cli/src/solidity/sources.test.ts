import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collectSources, textsFor, type SourceSet } from "./sources.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-sources-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function collect(entry: string, contracts = "contracts"): SourceSet {
  const collected = collectSources(join(folder, entry), join(folder, contracts));
  if (!collected.ok) throw new Error(collected.error.message);
  return collected.value;
}

describe("imports", () => {
  test("are followed beside the file, in the folder of contracts, in packages and among built-in interfaces", () => {
    write("contracts/a/A.sol", 'import "./B.sol"; import "lib/C.sol"; import "@s/p/D.sol"; import "./Table.sol";');
    write("contracts/a/B.sol", 'import "./A.sol";');
    write("contracts/lib/C.sol", "");
    write("node_modules/@s/p/D.sol", 'import "./sub/E.sol";');
    write("node_modules/@s/p/sub/E.sol", "");
    const set = collect("contracts/a/A.sol");
    expect(set.units.map(({ unit }) => unit)).toEqual([
      "a/A.sol",
      "a/B.sol",
      "lib/C.sol",
      "@s/p/D.sol",
      "tsbcos/Table.sol",
      "@s/p/sub/E.sol",
    ]);
    expect(set.remappings).toEqual(["a/A.sol:a/Table.sol=tsbcos/Table.sol"]);
  });

  test("a file of the user's goes before a built-in one of the same name", () => {
    write("contracts/A.sol", 'import "./Table.sol";');
    write("contracts/Table.sol", "// mine");
    expect(textsFor(collect("contracts/A.sol"), "0.8.37")).toEqual({
      "A.sol": 'import "./Table.sol";',
      "Table.sol": "// mine",
    });
  });

  test("a file in another folder that is meant is told to the compiler", () => {
    write("contracts/sub/A.sol", 'import "./Shared.sol";');
    write("contracts/Shared.sol", "");
    expect(collect("contracts/sub/A.sol").remappings).toEqual(["sub/A.sol:sub/Shared.sol=Shared.sol"]);
  });

  test("files beside the folder of contracts get names that do not leave the root", () => {
    write("contracts/A.sol", 'import "../shared/B.sol";');
    write("shared/B.sol", "");
    const set = collect("contracts/A.sol");
    expect(set.units.map(({ unit }) => unit)).toEqual(["contracts/A.sol", "shared/B.sol"]);
    expect(set.remappings).toEqual([]);
  });

  test("names do not depend on where the folder lies", () => {
    write("one/contracts/A.sol", "");
    write("two/elsewhere/contracts/A.sol", "");
    const [one] = collect("one/contracts/A.sol", "one/contracts").units;
    const [two] = collect("two/elsewhere/contracts/A.sol", "two/elsewhere/contracts").units;
    expect(one?.unit).toBe(two?.unit);
  });

  test("the pragmas of every file count, those of built-in interfaces do not", () => {
    write("contracts/A.sol", 'pragma solidity ^0.6.0; import "B.sol"; import "Crypto.sol";');
    write("contracts/B.sol", "pragma solidity >=0.5.0;");
    expect(collect("contracts/A.sol").requirements.map(({ range }) => range)).toEqual(["^0.6.0", ">=0.5.0"]);
  });

  test("missing ones are all told at once: who asked, where was looked, what to do", () => {
    write("contracts/A.sol", '\nimport "./Gone.sol";\nimport "@openzeppelin/contracts/token/ERC20.sol";');
    const collected = collectSources(join(folder, "contracts/A.sol"), join(folder, "contracts"));
    const message = collected.ok ? "" : collected.error.message;
    expect(collected).toMatchObject({ error: { code: "missing-import" } });
    expect(message).toMatch(/contracts\/A\.sol:2 imports "\.\/Gone\.sol"/);
    expect(message).toContain("contracts/Gone.sol");
    expect(message).toMatch(/A\.sol:3 imports/);
    expect(message).toContain("npm install @openzeppelin/contracts");
    expect(message).toContain("Table.sol");
  });

  test("a folder, a file that imports itself and paths that climb do not confuse it", () => {
    mkdirSync(join(folder, "contracts", "dir.sol"), { recursive: true });
    write("contracts/A.sol", 'import "./A.sol"; import "./dir.sol";');
    expect(collectSources(join(folder, "contracts/A.sol"), join(folder, "contracts"))).toMatchObject({
      error: { code: "missing-import" },
    });
    write("contracts/B.sol", `import "${"../".repeat(60)}nowhere/B.sol";`);
    expect(collectSources(join(folder, "contracts/B.sol"), join(folder, "contracts"))).toMatchObject({
      error: { code: "missing-import" },
    });
  });
});
