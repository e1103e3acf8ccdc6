/** The key of a node, from the PEM file of 2.x. */
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { CodedError, bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";

/** Key and id of a node. */
export interface NodeKey {
  readonly pair: KeyPair;
  /** The public key as text. */
  readonly nodeId: NodeId;
}

/** Each curve as its object identifier in DER, and its name. */
const CURVES = {
  standard: { oid: "2b8104000a", name: "secp256k1" },
  sm: { oid: "2a811ccf5501822d", name: "SM2" },
} as const;

/** PKCS#8 of a key on an elliptic curve, as hexadecimal text: the curve, and the 32 bytes of the private number. */
const EC_KEY = /^3081..02010030..06072a8648ce3d020106..(.*?)04..30..0201010420(.{64})/;

/**
 * Reads `node.key` (or `gmnode.key`).
 *
 * @throws CodedError `node-key-invalid`, with the path and what is wrong, when the file cannot be read, is encrypted or
 * damaged, or holds a key of another kind than the chain's
 */
export function readNodeKey(file: string, suite: CryptoSuite): NodeKey {
  const refuse = (reason: string, cause?: unknown): CodedError =>
    new CodedError("node-key-invalid", `the key of the node in ${file} cannot be used: ${reason}`, { cause });
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(file));
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  // Node.js cannot name the kind of an SM2 key, and ends the process when asked for another form than this one.
  const [, oid = "", number = ""] = EC_KEY.exec(key.export({ format: "der", type: "pkcs8" }).toString("hex")) ?? [];
  const wanted = CURVES[suite.name];
  if (oid !== wanted.oid) {
    const known = Object.values(CURVES).find((curve) => curve.oid === oid);
    const curve = known?.name ?? key.asymmetricKeyDetails?.namedCurve;
    const kind = curve === undefined ? (key.asymmetricKeyType ?? "unknown") : `on curve ${curve}`;
    throw refuse(`it is a key of kind ${kind}, the chain needs one on curve ${wanted.name}`);
  }
  const pair = suite.keyPairOf(hexToBytes(number));
  return { pair, nodeId: bytesToHex(pair.publicKey) as NodeId };
}
