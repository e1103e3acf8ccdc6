/** Call data of a rotation: a selector and three texts, as the ABI writes them. */
import { bigIntToBytes, byteStringToBytes, concatBytes, utf8ToBytes } from "../../primitives/index.js";
import type { ByteString } from "../../primitives/index.js";
import type { CryptoSuite, VrfClaim } from "../../crypto/index.js";

/** The text whose hash the selector is cut from; the C++ types and the blanks belong to it. */
const SIGNATURE = "rotateWorkingSealer(std::string, std::string, std::string)";
const SELECTOR_BYTES = 4;
const WORD_BYTES = 32;

function word(value: number): Uint8Array {
  return bigIntToBytes(BigInt(value), WORD_BYTES);
}

/** A text with its length before it, padded to whole words. */
function encodeText(text: ByteString): Uint8Array {
  const bytes = byteStringToBytes(text);
  const padding = new Uint8Array((WORD_BYTES - (bytes.length % WORD_BYTES)) % WORD_BYTES);
  return concatBytes(word(bytes.length), bytes, padding);
}

/** The call that hands a proof to the contract that keeps the working sealers. */
export function rotationCall({ publicKey, input, proof }: VrfClaim, suite: CryptoSuite): Uint8Array {
  const selector = suite.hash(utf8ToBytes(SIGNATURE)).subarray(0, SELECTOR_BYTES);
  const texts = [publicKey, input, proof].map(encodeText);
  let offset = texts.length * WORD_BYTES;
  const offsets = texts.map(({ length }) => {
    offset += length;
    return word(offset - length);
  });
  return concatBytes(selector, ...offsets, ...texts);
}
