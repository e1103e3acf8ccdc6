/** Keys and certificates of a node, from the files of 2.x. */
import type { NodeId } from "@tsbcos/core/primitives";
import { credentialFailure, readCredentialFiles, readSmCredentialFiles } from "../net/index.js";
import type { CredentialFiles, SmCredentialFiles, SmTlsCredentials, TlsCredentials } from "../net/index.js";
import { readNodeCertificate } from "./certificate.js";

/** What the files hold. */
export interface LoadedCredentials<C> {
  readonly credentials: C;
  /** Who the certificate says we are. */
  readonly nodeId: NodeId;
  /** For the log: certificates that are not valid now, which other nodes will refuse. */
  readonly warnings: readonly string[];
}

/**
 * Reads the files for ordinary TLS.
 *
 * @throws CodedError `credentials-invalid`, with the file and what is wrong
 */
export function readCredentials(files: CredentialFiles): LoadedCredentials<TlsCredentials> {
  const { credentials, certificate, warnings } = readCredentialFiles(files);
  return { credentials, nodeId: nodeIdIn(certificate, files), warnings };
}

/**
 * Reads the files for SM TLS: two keys, each with its certificate.
 *
 * @throws CodedError `credentials-invalid`, with the file and what is wrong
 */
export function readSmCredentials(files: SmCredentialFiles): LoadedCredentials<SmTlsCredentials> {
  const { credentials, certificate, warnings } = readSmCredentialFiles(files);
  return { credentials, nodeId: nodeIdIn(certificate.links.der, files), warnings };
}

function nodeIdIn(certificate: Uint8Array, files: CredentialFiles): NodeId {
  const identity = readNodeCertificate(certificate);
  if (identity.ok) return identity.value.nodeId;
  const reason = `its first certificate is not one of a node (${identity.error.code})`;
  throw credentialFailure(files.certificateFile, reason);
}
