import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesEqual, bytesToHex, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { RlpReader, RlpWriter, encodeRlpBytes, encodeRlpInteger, encodeRlpList } from "./rlp.js";

type Tree = Uint8Array | readonly Tree[];

function write(writer: RlpWriter, tree: Tree): RlpWriter {
  if (tree instanceof Uint8Array) return writer.bytes(tree);
  const list = writer.openList();
  for (const item of tree) write(writer, item);
  return writer.closeList(list);
}

function read(reader: RlpReader): Tree {
  return reader.nextIsList() ? reader.readList(Infinity, () => read(reader)) : reader.readBytes();
}

function readWhole(bytes: Uint8Array): Tree | undefined {
  const reader = new RlpReader(bytes);
  const tree = read(reader);
  return reader.failed || !reader.atEnd ? undefined : tree;
}

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.uint8Array({ maxLength: 70 }),
    fc.array(tie("tree"), { maxLength: 5 }) as fc.Arbitrary<Tree>,
  ),
})).tree;

describe("writer", () => {
  test.each([
    [0n, "80"],
    [1n, "01"],
    [127n, "7f"],
    [128n, "8180"],
    [256n, "820100"],
    [0xffff_ffff_ffffn, "86ffffffffffff"],
    [0x1_0000_0000_0000n, "8701000000000000"],
    [2n ** 256n - 1n, `a0${"ff".repeat(32)}`],
  ])("integer %d is %s", (value, hex) => {
    expect(bytesToHex(encodeRlpInteger(value))).toBe(hex);
    expect(new RlpReader(hexToBytes(hex)).readInteger()).toBe(value);
    if (value <= Number.MAX_SAFE_INTEGER) {
      expect(bytesToHex(encodeRlpInteger(Number(value)))).toBe(hex);
      expect(new RlpReader(hexToBytes(hex)).readNumber()).toBe(Number(value));
    }
  });

  test.each([
    [0, "80"],
    [1, "8161".slice(2)],
    [55, `b7${"61".repeat(55)}`],
    [56, `b838${"61".repeat(56)}`],
    [255, `b8ff${"61".repeat(255)}`],
    [256, `b90100${"61".repeat(256)}`],
    [65_536, `ba010000${"61".repeat(65_536)}`],
  ])("a string of %d bytes has the shortest prefix", (length, hex) => {
    const bytes = utf8ToBytes("a".repeat(length));
    expect(bytesToHex(encodeRlpBytes(bytes))).toBe(hex);
    const read = readWhole(hexToBytes(hex));
    expect(read instanceof Uint8Array && bytesEqual(read, bytes)).toBe(true);
    const inPlace = new RlpWriter(1);
    const start = inPlace.openList();
    expect(bytesToHex(inPlace.raw(bytes).closeBytes(start).toBytes())).toBe(hex);
  });

  test("integers lose leading zeros", () => {
    expect(bytesToHex(new RlpWriter().integerBytes(hexToBytes("0000ff")).toBytes())).toBe("81ff");
    expect(bytesToHex(new RlpWriter().integerBytes(hexToBytes("0000")).toBytes())).toBe("80");
  });

  test("writers that are open at the same time, or outgrow the shared buffer, do not disturb each other", () => {
    const outer = new RlpWriter();
    const list = outer.openList();
    outer.number(1);
    const large = new RlpWriter().bytes(new Uint8Array(70_000)).toBytes();
    const inner = new RlpWriter();
    const innerList = inner.openList();
    outer.raw(inner.number(2).closeList(innerList).toBytes());
    expect(bytesToHex(outer.closeList(list).toBytes())).toBe("c301c102");
    expect(large.length).toBe(70_004);
    expect(new RlpWriter().number(3).use((bytes) => bytesToHex(bytes))).toBe("03");
  });

  test("a list of encoded items", () => {
    expect(bytesToHex(encodeRlpList([]))).toBe("c0");
    expect(bytesToHex(encodeRlpList([hexToBytes("01"), hexToBytes("c0")]))).toBe("c201c0");
  });
});

describe("reader", () => {
  test.each([
    ["00", "a zero with a byte"],
    ["8100", "a single byte behind a prefix"],
    ["820001", "a leading zero"],
    ["b801ff", "a long form that is not needed"],
    ["b90038".padEnd(6 + 112, "f"), "a length with a leading zero"],
    ["82ff", "a payload that is cut off"],
    ["", "nothing"],
    ["c0", "a list"],
    [`a1${"ff".repeat(33)}`, "more bytes than the type has"],
  ])("B27: refuses %s as an integer: %s", (hex) => {
    const reader = new RlpReader(hexToBytes(hex));
    reader.readInteger();
    expect(reader.failed).toBe(true);
  });

  test("numbers above 2^53 − 1 are refused", () => {
    const reader = new RlpReader(hexToBytes("8720000000000000"));
    reader.readNumber();
    expect(reader.failed).toBe(true);
  });

  test("a length of eight bytes is no invitation", () => {
    for (const hex of ["bfffffffffffffffff", "ffffffffffffffffff", "bf00000000000000ff", "bf7fffffffffffffff00"]) {
      expect(readWhole(hexToBytes(hex))).toBeUndefined();
    }
  });

  test("fixed and padded strings", () => {
    expect(bytesToHex(new RlpReader(hexToBytes("820102")).readPadded(4))).toBe("00000102");
    const long = new RlpReader(hexToBytes("820102"));
    long.readPadded(1);
    expect(long.failed).toBe(true);
    const short = new RlpReader(hexToBytes("820102"));
    short.readFixed(3);
    expect(short.failed).toBe(true);
  });

  test("items beyond the bound of a list are a failure", () => {
    const list = encodeRlpList([hexToBytes("01"), hexToBytes("02"), hexToBytes("03")]);
    const reader = new RlpReader(list);
    expect(reader.readList(3, () => reader.readNumber())).toEqual([1, 2, 3]);
    expect(reader.failed).toBe(false);
    const bounded = new RlpReader(list);
    bounded.readList(2, () => bounded.readNumber());
    expect(bounded.failed).toBe(true);
  });

  test("what was entered and not read is skipped", () => {
    const reader = new RlpReader(hexToBytes("c30102030a"));
    const outer = reader.enterList();
    expect(reader.readNumber()).toBe(1);
    reader.leaveList(outer);
    expect(reader.readNumber()).toBe(10);
    expect(reader.atEnd).toBe(true);
    expect(reader.failed).toBe(false);
  });
});

describe("properties", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(readWhole(write(new RlpWriter(1), tree).toBytes())).toEqual(tree);
      }),
    );
  });

  test("B27: what is read has no other encoding", () => {
    const nearly = fc.tuple(trees, fc.nat(), fc.nat(255)).map(([tree, at, byte]) => {
      const bytes = write(new RlpWriter(), tree).toBytes();
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), nearly), (bytes) => {
        const tree = readWhole(bytes);
        if (tree !== undefined) expect(bytesToHex(write(new RlpWriter(), tree).toBytes())).toBe(bytesToHex(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test("integers of any size", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(new RlpReader(encodeRlpInteger(value)).readInteger()).toBe(value);
      }),
    );
  });
});
