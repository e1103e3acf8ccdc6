/** Certificates of an SDK: read from where they lie, and looked at before they are used. */
import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { loadSmTlsCredentials, type LoadedSmTlsCredentials, type NamedText } from "@tsbcos/sm-tls";

/** Certificates of an SDK, as the texts of its PEM files. */
export interface ChannelCredentials {
  /** `ca.crt`: who may have signed the node's certificate. */
  readonly authority: string | Buffer;
  /** `sdk.crt`: our own, followed by those of its issuers where there are any. */
  readonly certificate: string | Buffer;
  /** `sdk.key`. */
  readonly key: string | Buffer;
  /**
   * For nodes whose channel speaks SM TLS (`sm_crypto_channel=true`): `gmensdk.crt` and `gmensdk.key`. The three others are
   * `gmca.crt`, `gmsdk.crt` and `gmsdk.key` then.
   */
  readonly encryption?: { readonly certificate: string | Buffer; readonly key: string | Buffer };
}

/** Names of the files, the usual one first. */
const FILES = {
  authority: ["ca.crt"],
  certificate: ["sdk.crt", "node.crt"],
  key: ["sdk.key", "node.key"],
} as const;

/** The same for SM TLS. */
const SM_FILES = {
  authority: ["gmca.crt"],
  certificate: ["gmsdk.crt", "gmnode.crt"],
  key: ["gmsdk.key", "gmnode.key"],
  encryptionCertificate: ["gmensdk.crt", "gmennode.crt"],
  encryptionKey: ["gmensdk.key", "gmennode.key"],
} as const;

/**
 * Reads `ca.crt`, `sdk.crt` and `sdk.key` of a folder and checks that they can be used. A folder with `gmca.crt` in their
 * place is for SM TLS: `gmsdk.crt`, `gmsdk.key`, `gmensdk.crt` and `gmensdk.key` must be there too.
 *
 * @throws CodedError `bad-credentials` that names the file
 */
export function readCredentials(folder: string): ChannelCredentials {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw bad(`There is no folder ${folder}. It should be the sdk folder that was made with the nodes.`);
  }
  const read = (names: readonly string[]): Buffer => {
    const name = names.find((one) => existsSync(join(folder, one)));
    if (name !== undefined) return readFileSync(join(folder, name));
    throw bad(`There is no ${names[0]} in ${folder}.`);
  };
  const isSm = existsSync(join(folder, "gmca.crt")) && !existsSync(join(folder, "ca.crt"));
  const credentials = isSm ? readSm(read) : readPlain(read);
  checkCredentials(credentials, folder);
  return credentials;
}

function readPlain(read: (names: readonly string[]) => Buffer): ChannelCredentials {
  return { authority: read(FILES.authority), certificate: read(FILES.certificate), key: read(FILES.key) };
}

function readSm(read: (names: readonly string[]) => Buffer): ChannelCredentials {
  const encryption = { certificate: read(SM_FILES.encryptionCertificate), key: read(SM_FILES.encryptionKey) };
  return {
    ...{ authority: read(SM_FILES.authority), certificate: read(SM_FILES.certificate), key: read(SM_FILES.key) },
    encryption,
  };
}

/**
 * Looks for what would make every connection fail.
 *
 * @param folder where the files are, for messages
 * @throws CodedError `bad-credentials`
 */
export function checkCredentials(credentials: ChannelCredentials, folder?: string): void {
  const name = (file: string): string => (folder === undefined ? file : join(folder, file));
  if (credentials.encryption !== undefined) {
    loadSmCredentials(credentials, folder);
    return;
  }
  const authorities = certificatesIn(credentials.authority, name("ca.crt"));
  const [own, ...issuers] = certificatesIn(credentials.certificate, name("sdk.crt"));
  let key: KeyObject;
  try {
    key = createPrivateKey(credentials.key);
  } catch (cause) {
    throw bad(`${name("sdk.key")} holds no private key that can be read.`, cause);
  }
  if (own === undefined || !own.checkPrivateKey(key)) {
    throw bad(`${name("sdk.key")} is not the key of ${name("sdk.crt")}: take both from the same folder.`);
  }
  const now = Date.now();
  for (const [certificate, file] of [
    [own, "sdk.crt"] as const,
    ...authorities.map((one) => [one, "ca.crt"] as const),
  ]) {
    if (Date.parse(certificate.validTo) < now) {
      throw bad(
        `${name(file)} has expired on ${certificate.validTo}. Whoever has the agency's key renews it: tsbcos chain renew.`,
      );
    }
    if (Date.parse(certificate.validFrom) > now) {
      throw bad(`${name(file)} is valid from ${certificate.validFrom} on only. Is the clock of this machine right?`);
    }
  }
  if (!leadsTo(own, [...issuers, ...authorities])) {
    throw bad(
      `${name("sdk.crt")} was issued by ${nameOf(own.issuer)}, whose certificate is neither behind it in the same file nor in ` +
        `${name("ca.crt")}: the files are not of one chain.`,
    );
  }
}

/**
 * Keys and certificates for SM TLS, checked.
 *
 * @param folder where the files are, for messages
 * @throws CodedError `bad-credentials`
 */
export function loadSmCredentials(credentials: ChannelCredentials, folder?: string): LoadedSmTlsCredentials {
  const { authority, certificate, key, encryption } = credentials;
  const named = (text: string | Buffer | undefined, file: string): NamedText => ({
    text: text?.toString() ?? "",
    file: folder === undefined ? file : join(folder, file),
  });
  try {
    return loadSmTlsCredentials({
      key: named(key, "gmsdk.key"),
      certificate: named(certificate, "gmsdk.crt"),
      encryptionKey: named(encryption?.key, "gmensdk.key"),
      encryptionCertificate: named(encryption?.certificate, "gmensdk.crt"),
      authorities: [named(authority, "gmca.crt")],
    });
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function leadsTo(certificate: X509Certificate, issuers: readonly X509Certificate[]): boolean {
  return issuers.some((issuer) => certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey));
}

/** The certificates of a PEM file in order. @throws CodedError `bad-credentials` */
export function certificatesIn(pem: string | Buffer, file: string): X509Certificate[] {
  const blocks = pem.toString().match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw bad(`${file} holds no certificate.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw bad(`A certificate in ${file} is damaged.`, cause);
  }
}

/** A name in a certificate on one line, such as `CN=agency, O=fisco-bcos, OU=agency`. */
export function nameOf(subject: string): string {
  return subject.split("\n").join(", ");
}

function bad(message: string, cause?: unknown): CodedError {
  return new CodedError("bad-credentials", message, { cause });
}
