/** Key and certificates of a node, from the files of 2.x. */
import type { NodeId } from "@tsbcos/core/primitives";
import { credentialFailure, readCredentialFiles } from "../net/index.js";
import type { CredentialFiles, TlsCredentials } from "../net/index.js";
import { readNodeCertificate } from "./certificate.js";

/** What the files hold. */
export interface LoadedCredentials {
  readonly credentials: TlsCredentials;
  /** Who the certificate says we are. */
  readonly nodeId: NodeId;
  /** For the log: certificates that are not valid now, which other nodes will refuse. */
  readonly warnings: readonly string[];
}

/**
 * Reads the files.
 *
 * @throws CodedError `credentials-invalid`, with the file and what is wrong
 */
export function readCredentials(files: CredentialFiles): LoadedCredentials {
  const { credentials, certificate, warnings } = readCredentialFiles(files);
  const identity = readNodeCertificate(certificate);
  if (!identity.ok) {
    const reason = `its first certificate is not one of a node (${identity.error.code})`;
    throw credentialFailure(files.certificateFile, reason);
  }
  return { credentials, nodeId: identity.value.nodeId, warnings };
}
