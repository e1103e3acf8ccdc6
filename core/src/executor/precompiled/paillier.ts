/** Contract 0x5003: adds numbers under Paillier encryption. */
import type { ByteString } from "../../primitives/index.js";
import { isHex } from "../../primitives/index.js";
import { encodeValues, string } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation } from "./dispatch.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";

const HEADER_DIGITS = 4;
/** Digits of the keys that are supported: 2048 and 4096 bits. */
const KEY_DIGITS: readonly number[] = [512, 1024];

interface Ciphertext {
  /** Length of the key in bytes, as four digits. */
  readonly header: string;
  readonly key: string;
  readonly value: string;
}

function parse(text: ByteString): Ciphertext | undefined {
  if (!isHex(text) || text.length < HEADER_DIGITS) return undefined;
  const header = text.slice(0, HEADER_DIGITS);
  const keyDigits = 2 * parseInt(header, 16);
  if (!KEY_DIGITS.includes(keyDigits) || text.length !== HEADER_DIGITS + 3 * keyDigits) return undefined;
  return {
    header,
    key: text.slice(HEADER_DIGITS, HEADER_DIGITS + keyDigits),
    value: text.slice(HEADER_DIGITS + keyDigits),
  };
}

/** Ciphertext of the sum: the product modulo the square of the key. Undefined when the two do not belong together. */
function add(left: Ciphertext | undefined, right: Ciphertext | undefined): ByteString | undefined {
  if (left === undefined || right === undefined) return undefined;
  // Headers and keys are compared as text, so two spellings of one key do not belong together.
  if (left.header !== right.header || left.key !== right.key) return undefined;
  const modulus = BigInt(`0x${left.key}`);
  // The arithmetic of the C++ library is only defined for odd keys, and real keys are odd.
  if (modulus % 2n === 0n) return undefined;
  const product = (BigInt(`0x${left.value}`) * BigInt(`0x${right.value}`)) % (modulus * modulus);
  const digits = product.toString(16).padStart(left.value.length, "0");
  return `${left.header}${left.key}${digits}`.toUpperCase() as ByteString;
}

function paillierAdd({ args, context, gas }: Invocation): Uint8Array {
  const left = parse(args.string());
  const sum = add(left, parse(args.string()));
  if (sum === undefined) return encodeCode(context.version, ResultCode.CiphersInvalid);
  gas.record("PaillierAdd");
  return encodeValues(string(sum));
}

/** The contract of encrypted sums. */
export const paillier = new FixedContract(
  { number: 0x5003 },
  {
    chargesInput: true,
    methods: { "paillierAdd(string,string)": paillierAdd },
    unknown: ({ context }) => encodeCode(context.version, ResultCode.UnknownFunction),
  },
);
