/** Whether a running node shows the certificate that lies in its folder: it reads the file when it starts, and never again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { createSmTlsTransport, createTlsTransport, readCredentials, readSmCredentials } from "@tsbcos/node/p2p";
import type { SecureTransport } from "@tsbcos/node/p2p";
import { readCertificates, type Certificate } from "../certificates/index.js";
import { reachable, type NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";

const CHECK = "running";
const ANSWER_WITHIN_MS = 3000;
/** Why nobody would connect with the node: its certificate is refused. */
const REFUSED = /^certificate-(not-trusted|expired)$/;

/** Connects with the node as another node would, and compares what it shows with what its next start would show. */
export async function checkShownCertificate(node: NodeFolder, findings: Findings): Promise<void> {
  const remedy = `Restart it:  bash ${join(node.directory, "stop.sh")} && bash ${join(node.directory, "start.sh")}`;
  try {
    const [own] = readCertificates(readFileSync(node.certificateFile, "utf8"), node.certificateFile);
    const shown = await shownBy(node);
    if (shown.publicKey !== own.publicKey || shown.pem === own.pem) return;
    const [before, now] = [shown, own].map(({ notAfter }) => notAfter.toISOString().slice(0, 10));
    findings.warning(
      CHECK,
      `The node still shows the certificate that it was started with, which ends on ${before}; the one in its folder ends on ${now}.`,
      remedy,
    );
  } catch (error) {
    // Files that cannot be read, and ports that do not answer, are looked at elsewhere.
    if (!(error instanceof CodedError) || !REFUSED.test(error.code)) return;
    findings.error(CHECK, `Other nodes refuse the certificate that the running node shows (${error.code}).`, remedy);
  }
}

/** @throws CodedError when the node cannot be reached, or its certificate is not to be believed */
async function shownBy(node: NodeFolder): Promise<Certificate> {
  const to = { host: reachable(node.p2pListen), port: node.p2pPort };
  const limits = { timeoutMs: ANSWER_WITHIN_MS, signal: new AbortController().signal };
  const { stream, certificate } = await transportOf(node).dial(to, limits);
  stream.destroy();
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate).toString("base64")}\n-----END CERTIFICATE-----\n`;
  return readCertificates(pem, "what the node shows")[0];
}

function transportOf(node: NodeFolder): SecureTransport {
  const { keyFile, certificateFile, caFile, encryptionKeyFile, encryptionCertificateFile } = node;
  const files = { keyFile, certificateFile, caFile, caPath: "" };
  if (!node.sm) return createTlsTransport(readCredentials(files).credentials);
  return createSmTlsTransport(
    readSmCredentials({ ...files, encryptionKeyFile, encryptionCertificateFile }).credentials,
  );
}
