/**
 * Files as AMOP messages, in the form that programs of 2.x use among themselves: nodes do not look into it.
 *
 * Four bytes that mark a file (-128), the length of its name, the name, and the content; numbers are big-endian.
 */
import { concatBytes, utf8ToBytes } from "@tsbcos/core/primitives";

const FILE_MARK = -128;
const HEAD_BYTES = 8;

/** A file that was sent. */
export interface AmopFile {
  /** Without folders, so that it can be joined to a folder of the receiver's. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Whatever stands in front of the last separator, of any system, is the sender's affair. */
const baseName = (name: string): string => name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);

/**
 * Content of a message that carries a file, for `send` and `broadcast`.
 *
 * Receivers of the Java SDK's demo count the name in characters: they read only names of ASCII characters correctly.
 */
export function encodeAmopFile({ name, bytes }: AmopFile): Uint8Array {
  const nameBytes = utf8ToBytes(baseName(name));
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  head.setInt32(0, FILE_MARK);
  head.setInt32(4, nameBytes.length);
  return concatBytes(new Uint8Array(head.buffer), nameBytes, bytes);
}

/** The file in the content of a message; undefined when it carries none, or one without a usable name. */
export function decodeAmopFile(content: Uint8Array): AmopFile | undefined {
  if (content.length < HEAD_BYTES) return undefined;
  const head = new DataView(content.buffer, content.byteOffset, HEAD_BYTES);
  const nameLength = head.getInt32(4);
  if (head.getInt32(0) !== FILE_MARK || nameLength <= 0 || nameLength > content.length - HEAD_BYTES) return undefined;
  const end = HEAD_BYTES + nameLength;
  const name = baseName(new TextDecoder().decode(content.subarray(HEAD_BYTES, end)));
  if (name === "" || name === "." || name === "..") return undefined;
  return { name, bytes: content.subarray(end) };
}
