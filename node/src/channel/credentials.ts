/** Which TLS the channel speaks, and with which keys and certificates, by the mode that the configuration asks for. */
import { readCredentialFiles, readSmCredentialFiles } from "../net/index.js";
import type { CredentialFiles, CredentialTexts, SmCredentialFiles } from "../net/index.js";
import { createClientSmTls } from "./sm-transport.js";
import { createClientTls, type ClientTransport } from "./transport.js";

/** The settings that decide. */
export interface ChannelCertificateSettings {
  readonly chain: {
    readonly sm: boolean;
    /** SM TLS at the channel. */
    readonly smChannel: boolean;
    /** RSA certificates at the channel. */
    readonly rsaChannel: boolean;
  };
  readonly networkSecurity: SmCredentialFiles & {
    /** Directory of keys and certificates, ending with a slash. */
    readonly dataPath: string;
    /** Clients must have a certificate of the issuer of our own. */
    readonly checkCertificateIssuer: boolean;
  };
}

/** The way to accept clients, and what is to be logged about its certificates. */
export interface ChannelTransport {
  readonly transport: ClientTransport;
  readonly warnings: readonly string[];
}

/**
 * Reads keys and certificates and makes the transport that the settings ask for.
 *
 * @throws CodedError `credentials-invalid` for files that cannot be used
 */
export function openChannelTransport(settings: ChannelCertificateSettings): ChannelTransport {
  const { chain, networkSecurity } = settings;
  const { checkCertificateIssuer: checkIssuer } = networkSecurity;
  if (chain.sm && chain.smChannel) {
    const { credentials, certificate, warnings } = readSmCredentialFiles(networkSecurity);
    return { transport: createClientSmTls({ credentials, certificate, checkIssuer }), warnings };
  }
  const { credentials, certificate, warnings } = readPlainCredentials(settings);
  return { transport: createClientTls({ credentials, certificate, checkIssuer }), warnings };
}

function readPlainCredentials({ chain, networkSecurity }: ChannelCertificateSettings): CredentialTexts {
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
