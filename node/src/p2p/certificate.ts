/** Who a node certificate belongs to. */
import { readCertificate } from "@tsbcos/core/certificates";
import { err, ok } from "@tsbcos/core/primitives";
import type { Failure, Result } from "@tsbcos/core/primitives";
import type { PeerIdentity } from "./transport.js";

/** Why a certificate, although trusted, is none of a node. */
export interface CertificateFailure extends Failure {
  readonly code: "certificate-unreadable" | "certificate-of-an-authority" | "certificate-without-node-key";
}

/**
 * Node id and names in a certificate, given as DER. The chain must have been verified before.
 *
 * As in 2.x, a node's certificate says expressly that it is none of an authority (basic constraints, CA false): others
 * have no node id.
 */
export function readNodeCertificate(der: Uint8Array): Result<PeerIdentity, CertificateFailure> {
  const certificate = readCertificate(der);
  if (certificate === undefined) return err({ code: "certificate-unreadable" });
  if (certificate.isAuthority !== false) return err({ code: "certificate-of-an-authority" });
  const { publicKey: nodeId, issuerCommonName: agencyName, commonName: nodeName } = certificate;
  return nodeId === undefined ? err({ code: "certificate-without-node-key" }) : ok({ nodeId, agencyName, nodeName });
}
