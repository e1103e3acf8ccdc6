/** SM2 signatures between their two forms: r and s of 32 bytes each, and the DER sequence that certificates carry. */
import { concatBytes } from "@tsbcos/core/primitives";

const INTEGER = 0x02;
const SEQUENCE = 0x30;

/** The DER sequence of r and s. */
export function signatureToDer(signature: Uint8Array): Uint8Array {
  const content = concatBytes(integer(signature.subarray(0, 32)), integer(signature.subarray(32, 64)));
  return concatBytes(Uint8Array.of(SEQUENCE, content.length), content);
}

/** r and s, 32 bytes each; undefined when `der` is not the DER of two such numbers. */
export function derToSignature(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  const s = r && readInteger(der, r.end);
  if (r === undefined || s?.end !== der.length) return undefined;
  return concatBytes(r.value, s.value);
}

/** A number of 32 bytes as a DER integer: as short as can be, and never negative. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first < 0 ? bytes.length - 1 : first);
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Uint8Array.of(INTEGER, sign.length + digits.length, ...sign, ...digits);
}

function readInteger(der: Uint8Array, start: number): { value: Uint8Array; end: number } | undefined {
  const length = der[start + 1] ?? 0;
  const end = start + 2 + length;
  // 33 bytes when the first one only says that the number is not negative.
  if (der[start] !== INTEGER || length < 1 || length > 33 || end > der.length) return undefined;
  if (length === 33 && der[start + 2] !== 0) return undefined;
  const digits = der.subarray(length === 33 ? start + 3 : start + 2, end);
  const value = new Uint8Array(32);
  value.set(digits, 32 - digits.length);
  return { value, end };
}
