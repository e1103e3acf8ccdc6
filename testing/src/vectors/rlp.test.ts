import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { RlpReader, RlpWriter } from "@tsbcos/core/protocol";

type Json = string | number | readonly Json[];
interface Vector {
  readonly in: Json;
  readonly out: string;
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Never part of the project: a folder that is named, or one beside the repository. */
const folder = process.env["TSBCOS_ETHEREUM_VECTORS"] ?? join(root, "..", "shared", "vectors", "ethereum");

function vectors(file: string): [string, Vector][] {
  return Object.entries(JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, Vector>);
}

function write(writer: RlpWriter, json: Json): RlpWriter {
  if (typeof json === "number") return writer.number(json);
  if (typeof json === "string") {
    return json.startsWith("#") ? writer.integer(BigInt(json.slice(1))) : writer.bytes(utf8ToBytes(json));
  }
  const list = writer.openList();
  for (const item of json) write(writer, item);
  return writer.closeList(list);
}

/** Reads everything and writes it again; undefined when any of it is malformed. */
function rewritten(bytes: Uint8Array): string | undefined {
  const reader = new RlpReader(bytes);
  const writer = new RlpWriter();
  copy(reader, writer);
  return reader.failed || !reader.atEnd ? undefined : bytesToHex(writer.toBytes());
}

function copy(reader: RlpReader, writer: RlpWriter): void {
  if (!reader.nextIsList()) {
    writer.bytes(reader.readBytes());
    return;
  }
  const list = writer.openList();
  reader.readList(Infinity, () => {
    copy(reader, writer);
  });
  writer.closeList(list);
}

if (existsSync(folder)) {
  describe("public Ethereum RLP vectors", () => {
    test.each(vectors("rlptest.json"))("%s", (_, { in: input, out }) => {
      const expected = bytesToHex(hexToBytes(out));
      expect(bytesToHex(write(new RlpWriter(), input).toBytes())).toBe(expected);
      expect(rewritten(hexToBytes(out))).toBe(expected);
    });

    test.each(vectors("invalidRLPTest.json"))("%s is refused", (_, { out }) => {
      expect(rewritten(hexToBytes(out))).toBeUndefined();
    });
  });
} else {
  test("public Ethereum RLP vectors were not run: set TSBCOS_ETHEREUM_VECTORS to their folder", () => {
    expect(existsSync(folder)).toBe(false);
  });
}
