/** Keys and certificates for SM TLS from PEM files. */
import { loadSmTlsCredentials } from "@tsbcos/sm-tls";
import type { LoadedSmTlsCredentials, NamedText } from "@tsbcos/sm-tls";
import { readText, trustedFilesIn } from "./credentials.js";
import type { CredentialFiles } from "./credentials.js";

/** Where they are: for signing as {@link CredentialFiles} says, and a second pair for key exchange. */
export interface SmCredentialFiles extends CredentialFiles {
  readonly encryptionKeyFile: string;
  readonly encryptionCertificateFile: string;
}

/**
 * Reads the files and checks that they belong together and will be believed.
 *
 * @throws CodedError `credentials-invalid`, with the file, what is wrong and what to do
 */
export function readSmCredentialFiles(files: SmCredentialFiles): LoadedSmTlsCredentials {
  const named = (file: string): NamedText => ({ text: readText(file), file });
  return loadSmTlsCredentials({
    key: named(files.keyFile),
    certificate: named(files.certificateFile),
    encryptionKey: named(files.encryptionKeyFile),
    encryptionCertificate: named(files.encryptionCertificateFile),
    authorities: [files.caFile, ...trustedFilesIn(files.caPath)].map(named),
  });
}
