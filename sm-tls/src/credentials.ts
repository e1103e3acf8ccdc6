/** The two keys and the certificates that one side of SM TLS has, from the files that chain builders make. */
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readCertificate, readPemCertificates } from "@tsbcos/core/certificates";
import type { Certificate } from "@tsbcos/core/certificates";
import { smSuite } from "@tsbcos/core/crypto";
import type { KeyPair } from "@tsbcos/core/crypto";
import { CodedError, bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import { verifyCertificates } from "@tsbcos/core/sm-tls";
import type { SmTlsCredentials } from "@tsbcos/core/sm-tls";
import { createNativeCrypto } from "./native.js";

/** A text and the file that it is from, for messages. */
export interface NamedText {
  readonly text: string;
  readonly file: string;
}

/** The PEM files of one side. */
export interface SmTlsTexts {
  /** `gmnode.key`, `gmsdk.key`. */
  readonly key: NamedText;
  /** `gmnode.crt`, `gmsdk.crt`: own certificate, then those of its issuers. */
  readonly certificate: NamedText;
  /** `gmennode.key`, `gmensdk.key`. */
  readonly encryptionKey: NamedText;
  /** `gmennode.crt`, `gmensdk.crt`. */
  readonly encryptionCertificate: NamedText;
  /** `gmca.crt`, and others that are trusted. */
  readonly authorities: readonly NamedText[];
}

/** What the files hold. */
export interface LoadedSmTlsCredentials {
  readonly credentials: SmTlsCredentials;
  /** Own signing certificate. */
  readonly certificate: Certificate;
  /** For a log: what others will refuse, such as certificates that are not valid now. */
  readonly warnings: readonly string[];
}

/** PKCS#8 of a key on the SM2 curve, as hexadecimal text: the 32 bytes of the private number. */
const SM2_KEY = /^3081..020100301306072a8648ce3d020106082a811ccf5501822d04..30..0201010420(.{64})/;

/**
 * Puts the files together and checks that they belong together, lead to a trusted authority, and will be believed.
 *
 * @throws CodedError `credentials-invalid`, with the file, what is wrong with it and what to do
 */
export function loadSmTlsCredentials(texts: SmTlsTexts): LoadedSmTlsCredentials {
  const chain = certificatesIn(texts.certificate);
  const [certificate] = chain;
  const [encryption] = certificatesIn(texts.encryptionCertificate);
  const authorities = texts.authorities.flatMap(certificatesIn);
  const signingKey = readKey(texts.key, certificate, texts.certificate.file);
  const encryptionKey = readKey(texts.encryptionKey, encryption, texts.encryptionCertificate.file);
  const credentials: SmTlsCredentials = {
    signingKey,
    encryptionKey,
    chain: chain.map(({ links }) => links.der),
    encryptionCertificate: encryption.links.der,
    authorities,
  };
  // Judged as the other side will judge it.
  const shown = [...credentials.chain, credentials.encryptionCertificate];
  const judged = verifyCertificates(shown, { authorities, crypto: createNativeCrypto(), nowMs: Date.now() });
  if (judged.ok) return { credentials, certificate, warnings: [] };
  const { code, detail } = judged.error;
  const where = `${texts.certificate.file} and ${texts.encryptionCertificate.file}`;
  if (code === "certificate-expired") {
    return { credentials, certificate, warnings: [`${where}: ${detail}; others will refuse it`] };
  }
  const trusted = texts.authorities.map(({ file }) => file).join(", ");
  throw invalid(
    where,
    `${detail}. The first must hold the certificate for signing, then that of the agency; the second the one for key ` +
      `exchange, made with it; and ${trusted} the root of the same chain. Take all of them from one folder.`,
  );
}

/** The error for a file that cannot be used. */
function invalid(file: string, reason: string, cause?: unknown): CodedError {
  return new CodedError("credentials-invalid", `${file} cannot be used: ${reason}`, { cause });
}

function certificatesIn({ text, file }: NamedText): [Certificate, ...Certificate[]] {
  const certificates = (readPemCertificates(text) ?? []).map((der) => readCertificate(der));
  const [first, ...others] = certificates;
  if (first === undefined || others.includes(undefined)) {
    throw invalid(file, "it holds no certificate, or a damaged one; put back an undamaged copy");
  }
  return [first, ...(others as Certificate[])];
}

function readKey({ text, file }: NamedText, certificate: Certificate, certificateFile: string): KeyPair {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(file, `it holds no private key that can be read (${reason})`, cause);
  }
  // Node.js cannot name the kind of an SM2 key, and ends the process when asked for another form than this one.
  const [, number] = SM2_KEY.exec(key.export({ format: "der", type: "pkcs8" }).toString("hex")) ?? [];
  if (number === undefined) throw invalid(file, "its key is not on the curve SM2, which SM TLS needs");
  const pair = smSuite.keyPairOf(hexToBytes(number));
  if (certificate.curve !== "sm2" || certificate.publicKey !== bytesToHex(pair.publicKey)) {
    throw invalid(file, `it is not the key of the certificate in ${certificateFile}; take both from the same folder`);
  }
  return pair;
}
