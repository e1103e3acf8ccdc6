/** What a table refuses. */
import { CodedError } from "../primitives/index.js";

/** Result of a write that the writer list of the table does not allow; nothing changed. */
export const NO_PERMISSION = -50000;

/**
 * A value or name the storage layer refuses. From supported_version 2.7.0 on its message reaches the output of the
 * transaction, so the texts are part of the protocol.
 */
export class StorageError extends CodedError {
  override readonly name = "StorageError";
}

/**
 * A write named a column that the table does not have. Not a {@link StorageError}: its text never reaches an output,
 * the contract call ends with the generic one.
 */
export class UnknownColumnError extends Error {
  override readonly name = "UnknownColumnError";
}
