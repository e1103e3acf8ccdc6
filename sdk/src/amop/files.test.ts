import { describe, expect, test } from "vitest";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { decodeAmopFile, encodeAmopFile } from "./files.js";

describe("files as messages", () => {
  test("have the mark, the length of the name, the name and the content", () => {
    const content = encodeAmopFile({ name: "a.txt", bytes: Uint8Array.of(1, 2, 3) });
    expect(bytesToHex(content)).toBe("ffffff80" + "00000005" + "612e747874" + "010203");
    expect(decodeAmopFile(content)).toEqual({ name: "a.txt", bytes: Uint8Array.of(1, 2, 3) });
  });

  test("come out of the middle of a buffer, may be empty, and may have any name", () => {
    const file = { name: "Grüße.bin", bytes: new Uint8Array() };
    const padded = concatBytes(new Uint8Array(3), encodeAmopFile(file), new Uint8Array(0));
    expect(decodeAmopFile(padded.subarray(3))).toEqual(file);
  });

  test.each(["/etc/passwd", "..\\..\\passwd", "a/b/passwd"])("lose the folders of %s", (name) => {
    const named = utf8ToBytes(name);
    const content = concatBytes(hexToBytes("ffffff80000000"), Uint8Array.of(named.length), named);
    expect(decodeAmopFile(content)?.name).toBe("passwd");
    expect(decodeAmopFile(encodeAmopFile({ name, bytes: new Uint8Array() }))?.name).toBe("passwd");
  });

  test.each([
    "",
    "ffffff80",
    "ffffff8000000000",
    "ffffff8000000002" + "61",
    "ffffff80ffffffff" + "61",
    "0000000100000001" + "61",
  ])("are not seen in %s", (hex) => {
    expect(decodeAmopFile(hexToBytes(hex))).toBeUndefined();
  });

  test.each([".", "..", "folder/", "a/.."])("without a usable name (%s) are none", (name) => {
    const named = utf8ToBytes(name);
    expect(
      decodeAmopFile(concatBytes(hexToBytes("ffffff80000000"), Uint8Array.of(named.length), named)),
    ).toBeUndefined();
  });
});
