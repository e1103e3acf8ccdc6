import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { interfaceFiles, readInterface } from "./interfaces.js";
import { alternativesTo, BUNDLED, chooseVersion, compilerOf, evmVersionFor } from "./versions.js";

const choose = (...ranges: readonly string[]): string => {
  const chosen = chooseVersion(ranges.map((range) => ({ file: "A.sol", range })));
  return chosen.ok ? chosen.value.version : chosen.error.code;
};

describe("the version of a contract", () => {
  test.each([
    [["^0.4.25"], "0.4.26"],
    [["^0.4.0"], "0.4.26"],
    [[">=0.4.24 <0.6.11"], "0.6.10"],
    [[">=0.6.10 <0.8.20"], "0.6.10"],
    [["^0.5.2"], "0.5.17"],
    [["0.6.10"], "0.6.10"],
    [["=0.6.10"], "0.6.10"],
    [["^0.8.0"], "0.8.37"],
    [["0.8"], "0.8.37"],
    [[">= 0.5.0"], "0.8.37"],
    [["^0.4.24 || ^0.5.0"], "0.5.17"],
    [["0.4.20 - 0.5.17"], "0.5.17"],
    [[], "0.8.37"],
    [[">=0.4.0", "^0.6.0"], "0.6.10"],
    [["^0.4.0", "^0.6.0"], "no-such-version"],
    [["^0.7.0"], "no-such-version"],
    [["0.6.12"], "no-such-version"],
    [["banana"], "bad-pragma"],
  ])("%j is compiled by %s", (ranges, version) => {
    expect(choose(...ranges)).toBe(version);
  });

  test("a refusal shows every pragma and what there is", () => {
    const refused = chooseVersion([
      { file: "A.sol", range: "^0.4.0" },
      { file: "lib/B.sol", range: "^0.6.0" },
    ]);
    expect(refused.ok ? "" : refused.error.message).toContain("lib/B.sol: pragma solidity ^0.6.0;");
    for (const { version } of BUNDLED) expect(refused.ok ? "" : refused.error.message).toContain(version);
  });

  test("can be forced by line, by version, or as compilers write it", () => {
    for (const wanted of ["0.6", "0.6.10", "v0.6.10", "v0.6.10+commit.00c0fcaf"]) {
      expect(compilerOf(wanted)).toMatchObject({ value: { version: "0.6.10" } });
    }
    // "0.6.1" is not the beginning of "0.6.10".
    for (const wanted of ["0.6.1", "0.7", "", "latest"]) {
      expect(compilerOf(wanted)).toMatchObject({ error: { code: "no-such-version" } });
    }
  });

  test("code is made for rules that chains have and compilers know", () => {
    expect(BUNDLED.map(({ version }) => evmVersionFor(version, "istanbul"))).toEqual([
      "byzantium",
      "istanbul",
      "istanbul",
      "istanbul",
    ]);
    expect(BUNDLED.map(({ version }) => evmVersionFor(version, "constantinople"))).toEqual([
      "byzantium",
      "constantinople",
      "constantinople",
      "constantinople",
    ]);
    expect(evmVersionFor("0.5.2", "istanbul")).toBe("constantinople");
  });

  test("other lines that a pragma allows are known", () => {
    expect(alternativesTo("0.8.37", [{ file: "A.sol", range: ">=0.5.0" }])).toEqual(["0.5.17", "0.6.10"]);
  });
});

describe("docs/reference/solidity.md", () => {
  const page = readFileSync(new URL("../../../docs/reference/solidity.md", import.meta.url), "utf8");
  const rows = (section: string): string[][] => {
    const [, text = ""] = page.split(section);
    const [table = ""] = text.split(/^#/m);
    const lines = table.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| -"));
    return lines
      .slice(1)
      .map((line) => line.split(/(?<!\|) \| /).map((cell) => cell.replace(/^\| | *\|$/g, "").trim()));
  };

  test("says which compiler a pragma means", () => {
    const table = rows("## Versions");
    expect(table.map(([, version]) => version)).toEqual(BUNDLED.map(({ version }) => version));
    for (const [cell = "", version] of table) {
      for (const [, range = ""] of cell.matchAll(/`([^`]+)`/g))
        expect([range, choose(range)]).toEqual([range, version]);
    }
  });

  test("lists the interfaces that there are, with their contracts and addresses", () => {
    const table = rows("<!-- interfaces -->");
    expect(table.map(([file]) => file)).toEqual([...interfaceFiles()].sort().map((name) => `\`./${name}\``));
    for (const [file = "", contracts = ""] of table) {
      const text = readInterface(file.slice(3, -1));
      const names = [...text.matchAll(/^(?:interface|abstract contract) (\w+)/gm)].map(([, name]) => name);
      if (names.length > 0) expect([...contracts.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names);
      const addresses = [...text.matchAll(/at (0x[0-9a-f]{4})/g)].map(([, address]) => address);
      expect([...contracts.matchAll(/at (0x[0-9a-f]{4})/g)].map(([, address]) => address)).toEqual(addresses);
    }
  });
});
