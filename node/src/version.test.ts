import { expect, test } from "vitest";
import { COMPATIBLE_VERSION, versionText } from "./version.js";

test("tools of 2.x find the version that they know, and no other one", () => {
  // As build_chain.sh looks for it in what `-v` prints.
  const lines = versionText()
    .split("\n")
    .filter((line) => /version/i.test(line));
  const numbers = lines.flatMap((line) => line.match(/[2-9]*\.[0-9]*\.[0-9]*/g) ?? []);
  expect(versionText()).toContain("FISCO-BCOS");
  expect(numbers).toEqual([COMPATIBLE_VERSION]);
});
