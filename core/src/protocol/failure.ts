/** The one way in which the decoders of this room fail. */
import { err } from "../primitives/index.js";
import type { Err, Failure } from "../primitives/index.js";

/** Bytes that are no record of the named kind. */
export interface DecodeFailure extends Failure {
  readonly code: "malformed";
  /** Kebab-case name of the record, such as `transaction`. */
  readonly record: string;
  /** What was wrong, for a log line. */
  readonly reason: string;
}

/** A {@link DecodeFailure} of `record`. */
export function malformed(record: string, reason = "not the expected encoding"): Err<DecodeFailure> {
  return err({ code: "malformed", record, reason });
}
