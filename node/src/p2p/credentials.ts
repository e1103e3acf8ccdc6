/** Key and certificates of a node, from the files of 2.x. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import { readNodeCertificate } from "./certificate.js";
import type { TlsCredentials } from "./tls-transport.js";

/** Where they are. */
export interface CredentialFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly caFile: string;
  /** Directory with more trusted certificates; empty: none. */
  readonly caPath: string;
}

/** What they hold. */
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
  const certificate = readText(files.certificateFile);
  const more = files.caPath === "" || !existsSync(files.caPath) ? [] : trustedIn(files.caPath);
  const authorities = [readText(files.caFile), ...more].join("\n");
  const own = parse(files.certificateFile, certificate);
  const identity = readNodeCertificate(own.raw);
  if (!identity.ok) {
    throw refusal(files.certificateFile, `its first certificate is not one of a node (${identity.error.code})`);
  }
  return {
    credentials: { key: readText(files.keyFile), certificate, authorities },
    nodeId: identity.value.nodeId,
    warnings: [
      ...datesOf(files.certificateFile, own),
      ...datesOf(files.caFile, parse(files.caFile, readText(files.caFile))),
    ],
  };
}

function trustedIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => /\.(crt|pem)$/.test(name));
  return names.sort().map((name) => readText(join(directory, name)));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw refusal(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function parse(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw refusal(file, "it holds no certificate that can be read", cause);
  }
}

function datesOf(file: string, { validFrom, validTo }: X509Certificate): string[] {
  const now = Date.now();
  const isValid = Date.parse(validFrom) <= now && now <= Date.parse(validTo);
  return isValid ? [] : [`the certificate in ${file} is valid from ${validFrom} to ${validTo}, which is not now`];
}

function refusal(file: string, reason: string, cause?: unknown): CodedError {
  return new CodedError("credentials-invalid", `${file} cannot be used: ${reason}`, { cause });
}
