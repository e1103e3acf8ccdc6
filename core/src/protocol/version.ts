/** The version a chain was created with. It never changes afterwards and selects the rules of every record. */
import { err, ok } from "../primitives/index.js";
import type { Failure, Result } from "../primitives/index.js";

/**
 * `supported_version` as a number that compares in order: major, minor, patch in one byte each from the left and a
 * zero byte; the release candidates 2.0.0-rc1 to rc3 are 1 to 3.
 */
export type SupportedVersion = number & { readonly brand: "SupportedVersion" };

function release(major: number, minor: number, patch: number): SupportedVersion {
  return (major * 0x100_0000 + minor * 0x1_0000 + patch * 0x100) as SupportedVersion;
}

/** Second release candidate: transactions with chain and group id, batch encoding of transactions. */
export const V2_0_0_RC2 = 2 as SupportedVersion;
/** Third release candidate. */
export const V2_0_0_RC3 = 3 as SupportedVersion;
/** First release. */
export const V2_0_0 = release(2, 0, 0);
/** Larger contracts, VMs without delegate restrictions. */
export const V2_1_0 = release(2, 1, 0);
/** Merkle roots of transactions and receipts, proposals by hashes. */
export const V2_2_0 = release(2, 2, 0);
/** Contract life cycle. */
export const V2_3_0 = release(2, 3, 0);
/** Flags of the EVM in the genesis mark. */
export const V2_4_0 = release(2, 4, 0);
/** Keccak table hashes, governance by committee. */
export const V2_5_0 = release(2, 5, 0);
/** Time in block status, consensus time-out in the genesis mark. */
export const V2_6_0 = release(2, 6, 0);
/** Release 2.7.0. */
export const V2_7_0 = release(2, 7, 0);
/** Release 2.8.0. */
export const V2_8_0 = release(2, 8, 0);
/** Remaining gas in receipts, gas of one transaction, sorted nodes in the genesis mark. */
export const V2_9_0 = release(2, 9, 0);
/** The newest version this implementation knows. */
export const V2_9_1 = release(2, 9, 1);

/** Why a version text was refused. */
export interface VersionFailure extends Failure {
  readonly code: "version-malformed" | "version-not-supported";
  readonly text: string;
}

/**
 * The number of a version text: `2.9.0`, `2.0.0-rc3` (either case).
 *
 * @returns `version-malformed` unless it is three decimal integers from 0 to 255; `version-not-supported` for 2.0.0-rc1, whose
 * transactions and blocks have another form, for zero, and for anything above 2.9.1
 */
export function parseSupportedVersion(text: string): Result<SupportedVersion, VersionFailure> {
  const candidate = /^2\.0\.0-rc([123])$/i.exec(text);
  if (candidate !== null) {
    const number = Number(candidate[1]) as SupportedVersion;
    return number < V2_0_0_RC2 ? err({ code: "version-not-supported", text }) : ok(number);
  }
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return err({ code: "version-malformed", text });
  const [major = 0, minor = 0, patch = 0] = parts;
  const version = release(major, minor, patch);
  return version === 0 || version > V2_9_1 ? err({ code: "version-not-supported", text }) : ok(version);
}
