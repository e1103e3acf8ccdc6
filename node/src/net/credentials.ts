/** Key and certificates from PEM files, with messages that name the file. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";

/** Where they are. */
export interface CredentialFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly caFile: string;
  /** Directory with more trusted certificates; empty: none. */
  readonly caPath: string;
}

/** Key and certificates, each as the text of its PEM file. */
export interface TlsCredentials {
  readonly key: string;
  /** Own certificate, then those of its issuers. */
  readonly certificate: string;
  /** Trusted certificates. */
  readonly authorities: string;
}

/** What the files hold. */
export interface CredentialTexts {
  readonly credentials: TlsCredentials;
  /** Our own certificate as DER. */
  readonly certificate: Uint8Array;
  /** For the log: certificates that are not valid now, which others will refuse. */
  readonly warnings: readonly string[];
}

/**
 * Reads the files.
 *
 * @throws CodedError `credentials-invalid`, with the file and what is wrong
 */
export function readCredentialFiles(files: CredentialFiles): CredentialTexts {
  const certificate = readText(files.certificateFile);
  const authorities = [files.caFile, ...trustedFilesIn(files.caPath)].map(readText).join("\n");
  const own = parse(files.certificateFile, certificate);
  return {
    credentials: { key: readText(files.keyFile), certificate, authorities },
    certificate: new Uint8Array(own.raw),
    warnings: [
      ...datesOf(files.certificateFile, own),
      ...datesOf(files.caFile, parse(files.caFile, readText(files.caFile))),
    ],
  };
}

/** The error for a file that cannot be used. */
export function credentialFailure(file: string, reason: string, cause?: unknown): CodedError {
  return new CodedError("credentials-invalid", `${file} cannot be used: ${reason}`, { cause });
}

/** Names of certificates, and the names by which OpenSSL finds them in a directory: a hash and a number. */
const TRUSTED_NAME = /\.(crt|pem)$|^[0-9a-f]{8}\.\d+$/;

/** The files with trusted certificates in a directory; none when it is not there. */
export function trustedFilesIn(directory: string): string[] {
  if (directory === "" || !existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => TRUSTED_NAME.test(name));
  return names.sort().map((name) => join(directory, name));
}

/** The text of a file. @throws CodedError `credentials-invalid` */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw credentialFailure(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function parse(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw credentialFailure(file, "it holds no certificate that can be read", cause);
  }
}

function datesOf(file: string, { validFrom, validTo }: X509Certificate): string[] {
  const now = Date.now();
  const isValid = Date.parse(validFrom) <= now && now <= Date.parse(validTo);
  return isValid ? [] : [`the certificate in ${file} is valid from ${validFrom} to ${validTo}, which is not now`];
}
