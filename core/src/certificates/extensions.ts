/** The extensions of a certificate that decide what its key may be used for. */
import { bytesToHex } from "../primitives/index.js";
import { DerTag, readDer, readInside } from "./der.js";
import type { DerElement } from "./der.js";

/** Bits of the key usage, as they stand in its first byte. */
export const KeyUsage = {
  DigitalSignature: 0x80,
  KeyEncipherment: 0x20,
  DataEncipherment: 0x10,
  KeyAgreement: 0x08,
  CertificateSign: 0x04,
} as const;

/** What the extensions say. */
export interface Extensions {
  /** Basic constraints; undefined when there are none or they cannot be read. */
  readonly isAuthority: boolean | undefined;
  /** How many authorities may stand between this one and a holder; undefined: any number. */
  readonly pathLength: number | undefined;
  /** First byte of the key usage, see {@link KeyUsage}; undefined when there is none, which allows everything. */
  readonly keyUsage: number | undefined;
  /** There is one that must be understood and is not known here. */
  readonly hasUnknownCritical: boolean;
}

const OID_BASIC_CONSTRAINTS = "551d13";
const OID_KEY_USAGE = "551d0f";
/**
 * Critical ones that may be there besides: key identifiers, other names, purposes. They name things that chains do not
 * ask for (hosts, roles in TLS), so nothing follows from them.
 */
const WITHOUT_MEANING_HERE: ReadonlySet<string> = new Set(["551d0e", "551d23", "551d11", "551d12", "551d25"]);

/** Reads the element that holds all extensions; those of a certificate without any when it is undefined. */
export function readExtensions(extensions: DerElement | undefined): Extensions {
  const list = extensions === undefined ? undefined : readInside(extensions.content, DerTag.Sequence);
  let basic: Pick<Extensions, "isAuthority" | "pathLength"> | undefined;
  let keyUsage: number | undefined;
  let hasUnknownCritical = false;
  for (const extension of list ?? []) {
    const parts = readDer(extension.content) ?? [];
    const oid = parts[0]?.tag === DerTag.Oid ? bytesToHex(parts[0].content) : "";
    const value = parts.at(-1);
    const isCritical = parts[1]?.tag === DerTag.Boolean && parts[1].content[0] !== 0;
    if (oid === OID_BASIC_CONSTRAINTS && value?.tag === DerTag.OctetString) basic ??= readBasicConstraints(value);
    else if (oid === OID_KEY_USAGE && value?.tag === DerTag.OctetString) keyUsage ??= readKeyUsage(value);
    else if (isCritical && !WITHOUT_MEANING_HERE.has(oid)) hasUnknownCritical = true;
  }
  return {
    isAuthority: basic?.isAuthority,
    pathLength: basic?.pathLength,
    keyUsage,
    hasUnknownCritical,
  };
}

function readBasicConstraints({ content }: DerElement): Pick<Extensions, "isAuthority" | "pathLength"> {
  const constraints = readInside(content, DerTag.Sequence);
  // What cannot be read is not taken for a node's.
  if (constraints === undefined) return { isAuthority: undefined, pathLength: undefined };
  const [first] = constraints;
  const length = constraints.find(({ tag }) => tag === DerTag.Integer)?.content;
  return {
    isAuthority: first?.tag === DerTag.Boolean && first.content[0] !== 0,
    // A chain here has three certificates: a longer number is no bound.
    pathLength: length?.length === 1 ? length[0] : undefined,
  };
}

function readKeyUsage({ content }: DerElement): number {
  const [bits] = readDer(content) ?? [];
  // What cannot be read allows nothing.
  return bits?.tag === DerTag.BitString ? (bits.content[1] ?? 0) : 0;
}
