import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ByteString } from "../primitives/index.js";
import { InvariantError, ascii, bytesToByteString } from "../primitives/index.js";
import { decodeRows, encodeRows } from "./row-codec.js";
import type { FrozenRow } from "./row.js";

const bytes = fc.uint8Array({ maxLength: 300 }).map(bytesToByteString);
const rowsArbitrary: fc.Arbitrary<FrozenRow[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 1_000_000_000 }),
      num: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      status: fc.constantFrom(0 as const, 1 as const),
      cells: fc.array(fc.tuple(bytes, bytes), { maxLength: 5 }).map((list) => new Map(list)),
    }),
    { maxLength: 5 },
  )
  .map((list) => {
    let id = 0;
    return list.map(({ gap, ...row }) => ({ id: (id += gap), ...row, frozen: true as const }));
  });

const place = (): string => "table t, key k";

function example(): FrozenRow {
  const cells = new Map<ByteString, ByteString>([
    [ascii("key"), ascii("0")],
    [ascii("value"), ascii("300")],
  ]);
  return { id: 300, num: 7, status: 0, cells, frozen: true };
}

describe("rows on disk", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        expect(decodeRows(encodeRows(rows), place)).toEqual(rows);
      }),
    );
  });

  test("have a fixed form", () => {
    const hex = Buffer.from(encodeRows([example()])).toString("hex");
    expect(hex).toBe("0101" + "ac02" + "07" + "00" + "02" + "036b6579" + "0130" + "0576616c7565" + "03333030");
  });

  test("are never read wrongly when cut off: the failure names table and key", () => {
    const whole = encodeRows([example()]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeRows(whole.subarray(0, length), place)).toThrow(/damaged rows of table t, key k at byte/);
    }
  });

  test("are refused with anything that the encoder would not write", () => {
    const refuse = (hex: string, reason: string): void => {
      const read = (): unknown => decodeRows(Buffer.from(hex, "hex"), place);
      expect(read).toThrow(InvariantError);
      expect(read).toThrow(reason);
    };
    refuse("0001", "unknown version");
    refuse("010000", "bytes after the last row");
    refuse("0101" + "00" + "000000", "row ids do not ascend");
    refuse("0102" + "01000000" + "01000000", "row ids do not ascend");
    refuse("0101" + "01" + "00" + "02" + "00", "unknown row status");
    refuse("0101" + "01" + "00" + "00" + "02" + "0161" + "00" + "0161" + "00", "a column stands twice");
    refuse("018000", "longer than need be");
    refuse("01ffffffffffffffff7f", "too large");
    refuse("0101" + "01" + "00" + "00" + "01" + "7f61", "cut off");
  });

  test("whatever bytes are given, the answer is rows or a refusal", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        try {
          expect(encodeRows(decodeRows(noise, place))).toEqual(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(InvariantError);
        }
      }),
    );
  });
});
