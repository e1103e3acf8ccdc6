/** Keeps the tables of `docs/reference/channel.md` and `amop.md` equal to the code: `npx vitest run -u` writes them anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AmopResult, ChannelType, EventFilterResult } from "@tsbcos/core/protocol";
import { AmopError, EventFilterError } from "@tsbcos/sdk";
import { expect, test } from "vitest";
import { markedTable, withTable } from "./tables.js";

const pageOf = (name: string): string => fileURLToPath(new URL(`../../../docs/reference/${name}`, import.meta.url));

/** What the SDK says of a result; undefined when it does not know it. */
function wordsOf(message: string): string | undefined {
  const words = /: (.*) \(code -?\d+\)$/.exec(message)?.[1];
  return words === "unknown error" ? undefined : words;
}

test("channel.md lists the types of frames that there are", () => {
  const table = markedTable(readFileSync(pageOf("channel.md"), "utf8"), "types");
  const types = Object.values(ChannelType).map((type) => `0x${type.toString(16)}`);
  expect(table.map(([type]) => type)).toEqual(types);
});

test("channel.md has the results of event filters in the words of the SDK", async () => {
  const words = (result: number): string | undefined => wordsOf(new EventFilterError(result, "node").message);
  const results = Array.from({ length: 100 }, (_, index) => -41000 - index).filter(
    (result) => words(result) !== undefined,
  );
  // Whatever nodes of ours answer is known to the SDK.
  const answered = Object.values(EventFilterResult).filter((result) => result < 0);
  expect(results).toEqual(expect.arrayContaining(answered));
  const rows = results.map((result) => [String(result), words(result) ?? ""]);
  const page = readFileSync(pageOf("channel.md"), "utf8");
  const expected = withTable(page, "event-filters", ["result", "what the SDK says"], rows);
  await expect(expected).toMatchFileSnapshot(pageOf("channel.md"));
});

test("amop.md has the results of messages in the words of the SDK, and who gives them", async () => {
  const words = (result: number): string | undefined => wordsOf(new AmopError("topic", result).message);
  const results = Array.from({ length: 1000 }, (_, result) => result).filter((result) => words(result) !== undefined);
  const ours = Object.values(AmopResult).filter((result) => result !== AmopResult.Success);
  expect(results).toEqual(expect.arrayContaining(ours));
  const rows = results.map((result) => {
    const giver = ours.some((one) => one === result) && result !== 99 ? "our nodes" : "SDKs, nodes of 2.9.1";
    return [String(result), words(result) ?? "", giver];
  });
  const page = readFileSync(pageOf("amop.md"), "utf8");
  const expected = withTable(page, "results", ["result", "what the SDK says", "from"], rows);
  await expect(expected).toMatchFileSnapshot(pageOf("amop.md"));
});
