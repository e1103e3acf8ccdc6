/** Where the key and the certificates of the channel are, by the mode that the configuration asks for. */
import { CodedError } from "@tsbcos/core/primitives";
import { readCredentialFiles, type CredentialFiles, type CredentialTexts } from "../net/index.js";

/** The settings that decide. */
export interface ChannelCertificateSettings {
  readonly chain: {
    readonly sm: boolean;
    /** SM TLS at the channel. */
    readonly smChannel: boolean;
    /** RSA certificates at the channel. */
    readonly rsaChannel: boolean;
  };
  readonly networkSecurity: CredentialFiles & {
    /** Directory of keys and certificates, ending with a slash. */
    readonly dataPath: string;
  };
}

/**
 * Reads key and certificates.
 *
 * @throws CodedError `sm-channel-unsupported` for SM TLS, `credentials-invalid` for files that cannot be used
 */
export function readChannelCredentials(settings: ChannelCertificateSettings): CredentialTexts {
  const { chain, networkSecurity } = settings;
  if (chain.sm && chain.smChannel) {
    throw new CodedError(
      "sm-channel-unsupported",
      "chain.sm_crypto_channel=true: this version speaks no SM TLS with SDKs. Set it to false; SDKs then use the certificates in conf/channel_cert or conf/origin_cert.",
    );
  }
  if (chain.rsaChannel) return readCredentialFiles(filesIn(`${networkSecurity.dataPath}channel_cert/`));
  if (chain.sm) return readCredentialFiles(filesIn(`${networkSecurity.dataPath}origin_cert/`));
  return readCredentialFiles(networkSecurity);
}

function filesIn(directory: string): CredentialFiles {
  return {
    keyFile: `${directory}node.key`,
    certificateFile: `${directory}node.crt`,
    caFile: `${directory}ca.crt`,
    caPath: "",
  };
}
