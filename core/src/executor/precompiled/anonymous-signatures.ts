/**
 * Contracts 0x5004 and 0x5005: group and ring signatures. Their schemes live in a library of the C++ node and are not
 * implemented: every input is answered as malformed, which costs the memory of the call and no operation.
 *
 * @see docs/protocol/precompiled.md#group-and-ring-signatures
 */
import { FixedContract } from "./contract-class.js";
import type { Interface } from "./dispatch.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";

function verifier(signature: string, failure: ResultCode): Interface {
  return {
    chargesInput: true,
    methods: { [signature]: ({ context }) => encodeCode(context.version, failure) },
    unknown: ({ context }) => encodeCode(context.version, ResultCode.UnknownFunction),
  };
}

/** The contract of group signatures. */
export const groupSignature = new FixedContract(
  { number: 0x5004 },
  verifier("groupSigVerify(string,string,string,string)", ResultCode.GroupSignatureInvalid),
);

/** The contract of ring signatures. */
export const ringSignature = new FixedContract(
  { number: 0x5005 },
  verifier("ringSigVerify(string,string,string)", ResultCode.RingSignatureInvalid),
);
