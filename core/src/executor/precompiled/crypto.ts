/** Contract 0x5006: hashes and signatures of either family of chains, on both. */
import { ZERO_ADDRESS, bytesToBigInt, bytesToHex, concatBytes } from "../../primitives/index.js";
import type { Address } from "../../primitives/index.js";
import { keccak256, sm3, smSuite } from "../../crypto/index.js";
import { V2_8_0 } from "../../protocol/index.js";
import { addressValue, bool, encodeValues, int } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation } from "./dispatch.js";
import { ResultCode } from "./result-codes.js";
import { ristrettoVrf } from "./vrf.js";

const PUBLIC_KEY_BYTES = 64;

function sm2Verify({ args }: Invocation): Uint8Array {
  const message = args.bytes32();
  const given = args.bytes();
  const r = args.bytes32();
  const s = args.bytes32();
  // A key of another length counts as the zero key, which no signature fits.
  const publicKey = given.length === PUBLIC_KEY_BYTES ? given : new Uint8Array(PUBLIC_KEY_BYTES);
  const signer = smSuite.recover(message, concatBytes(r, s, publicKey));
  if (signer === undefined) return encodeValues(bool(false), addressValue(ZERO_ADDRESS));
  return encodeValues(bool(true), addressValue(bytesToHex(sm3(signer).subarray(12)) as Address));
}

function curve25519VrfVerify({ args }: Invocation): Uint8Array {
  const input = args.string();
  const publicKey = args.string();
  const proof = args.string();
  const number = ristrettoVrf.verify({ publicKey, input, proof });
  return encodeValues(bool(number !== undefined), int(number === undefined ? 0 : bytesToBigInt(number)));
}

/** The contract of cryptography. */
export const crypto = new FixedContract(
  { number: 0x5006, since: V2_8_0 },
  {
    chargesInput: true,
    methods: {
      "sm3(bytes)": ({ args }) => sm3(args.bytes()),
      "keccak256Hash(bytes)": ({ args }) => keccak256(args.bytes()),
      "sm2Verify(bytes32,bytes,bytes32,bytes32)": sm2Verify,
      "curve25519VRFVerify(string,string,string)": curve25519VrfVerify,
    },
    // The only contract that gives this code as 32 bits and not as 256.
    unknown: () => encodeValues(int(ResultCode.UnknownFunction >>> 0)),
  },
);
