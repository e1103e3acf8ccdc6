import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeIn, type Home } from "../home.js";
import { Deployments } from "./deployments.js";

const A = `0x${"aa".repeat(20)}`;
const B = `0x${"bb".repeat(20)}`;
const ABI = [{ type: "function", name: "get", inputs: [], outputs: [], stateMutability: "view" }] as const;

let home: Home;
beforeEach(() => {
  home = homeIn(mkdtempSync(join(tmpdir(), "tsbcos-deployments-")));
});
afterEach(() => {
  rmSync(home.directory, { recursive: true, force: true });
});

const note = (deployments: Deployments, name: string, address: string, groupId = 1): void => {
  deployments.note({ groupId, address }, { name, abi: ABI, bytecode: "6000", hash: "standard" });
};

test("a deployment is logged in the form of the Java console, and the contract is kept", () => {
  const deployments = new Deployments(home);
  note(deployments, "HelloWorld", A);
  note(deployments, "HelloWorld", B);
  note(deployments, "HelloWorld", A, 2);
  expect(readFileSync(home.deployLog, "utf8").split("\n")[0]).toMatch(
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d {2}\\[group:1\\] {2}HelloWorld {12}${A}$`),
  );
  expect(deployments.of(1, "HelloWorld").map(({ address }) => address)).toEqual([A, B]);
  expect(deployments.lines(2)).toHaveLength(1);
  expect(deployments.contractAt(1, "HelloWorld", A, "standard")).toEqual({
    name: "HelloWorld",
    abi: ABI,
    hash: "standard",
  });
  expect(deployments.contractAt(1, "HelloWorld", `0x${"cc".repeat(20)}`, "standard")).toBeUndefined();
});

test("the log of a Java console goes on, and what only its folder tells of is found", () => {
  writeFileSync(home.deployLog, `2020-10-20 17:18:46  [group:1]  Old                   ${A}\nsome other line\n`);
  mkdirSync(join(home.compiledFolder, "1", "Kept", B), { recursive: true });
  const deployments = new Deployments(home);
  expect(deployments.all(1)).toMatchObject([
    { name: "Old", address: A, time: "2020-10-20 17:18:46" },
    { name: "Kept", address: B },
  ]);
});

test("the log keeps its last ten thousand lines", () => {
  const line = `2020-10-20 17:18:46  [group:1]  Old                   ${A}\n`;
  writeFileSync(home.deployLog, line.repeat(10_000));
  const deployments = new Deployments(home);
  note(deployments, "New", B);
  const lines = readFileSync(home.deployLog, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(10_000);
  expect(lines.at(-1)).toContain("New");
});
