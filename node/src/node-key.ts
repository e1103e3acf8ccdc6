/** The key of a node, from its PEM file. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { CodedError, type NodeId } from "@tsbcos/core/primitives";

/** A node's private key and the id that follows from it. */
export interface NodeKey {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  readonly nodeId: NodeId;
}

function readKey(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError(
      "node-key-unreadable",
      `The node's private key ${file} cannot be read: ${reason}. It must be an unencrypted PEM file (network_security.key in config.ini).`,
      { cause },
    );
  }
}

/**
 * Reads the private key of a standard chain's node.
 *
 * @throws CodedError `node-key-unreadable` or `node-key-unsuitable`, with what the file must be
 */
export function loadNodeKey(file: string): NodeKey {
  const key = readKey(file);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType !== "ec" || curve !== "secp256k1") {
    const found = curve ?? key.asymmetricKeyType ?? "unknown";
    throw new CodedError(
      "node-key-unsuitable",
      `The node's private key ${file} is of type ${found}; it must be an EC key on secp256k1.`,
    );
  }
  const jwk = key.export({ format: "jwk" });
  const hex = (field: string | undefined): string =>
    Buffer.from(field ?? "", "base64url")
      .toString("hex")
      .padStart(64, "0");
  return {
    privateKey: new Uint8Array(Buffer.from(hex(jwk.d), "hex")),
    nodeId: (hex(jwk.x) + hex(jwk.y)) as NodeId,
  };
}
