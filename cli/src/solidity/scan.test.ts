import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scan } from "./scan.js";

describe("scan", () => {
  test("finds pragmas and every form of import, with their lines", () => {
    const source = [
      "// SPDX-License-Identifier: MIT",
      "pragma solidity >= 0.4.24 <0.6.11;",
      "pragma experimental ABIEncoderV2;",
      'import "./A.sol";',
      "import './B.sol' as B;",
      'import * as C from "lib/C.sol";',
      "import {D, E as F} /* why */ from // because",
      '  "@scope/lib/D.sol";',
      "contract X { }",
    ].join("\n");
    expect(scan(source)).toEqual({
      ranges: [">= 0.4.24 <0.6.11"],
      imports: [
        { path: "./A.sol", line: 4 },
        { path: "./B.sol", line: 5 },
        { path: "lib/C.sol", line: 6 },
        { path: "@scope/lib/D.sol", line: 7 },
      ],
    });
  });

  test.each([
    ["a comment", '// import "x";\n/* pragma solidity 0.1.0; import "y"; */'],
    ["a text", "contract A { string a = 'import \"x\"; pragma solidity 0.1.0;'; }"],
    ["a body", 'contract A { function f() public { import "x"; } }'],
    ["the middle of a line", 'contract A is import "x" {}'],
  ])("passes over what stands in %s", (_, source) => {
    expect(scan(source)).toEqual({ ranges: [], imports: [] });
  });

  test("ends on any text, however broken", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("import", "pragma solidity", '"', "'", "/*", "*/", "//", "\n", "{", "}", ";", "\\", "x", "é"),
        ),
        (parts) => {
          expect(scan(parts.join(" ")).imports.length).toBeLessThanOrEqual(parts.length);
        },
      ),
    );
  });
});
