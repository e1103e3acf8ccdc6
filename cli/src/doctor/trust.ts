/** Whether the nodes of a chain accept each other's certificates: each may be whole in itself, and of another chain. */
import { existsSync, readFileSync } from "node:fs";
import { CodedError } from "@tsbcos/core/primitives";
import { isIssuedBy, readCertificates, type Certificate } from "../certificates/index.js";
import type { NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";

interface Member {
  readonly name: string;
  /** What it shows to others: its own certificate and those above it. */
  readonly chain: readonly Certificate[];
  readonly authorities: readonly Certificate[];
  /** The text of its `ca.crt`. */
  readonly trusted: string;
}

/** Looks at all pairs of nodes. Files that cannot be read are told where each node is examined, and are passed over here. */
export function checkMutualTrust(nodes: readonly NodeFolder[], findings: Findings): void {
  const members = nodes.flatMap((node) => readMember(node) ?? []);
  const circles = new Map<string, Member[]>();
  for (const member of members) circles.set(member.trusted, [...(circles.get(member.trusted) ?? []), member]);
  const told = new Set<string>();
  for (const circle of circles.values()) {
    const authorities = circle[0]?.authorities ?? [];
    // Whoever trusts the same file is held against it where the node itself is examined.
    const strangers = members.filter((one) => !circle.includes(one) && !isTrusted(one.chain, authorities));
    // Two sides that do not know each other are one mistake.
    const parties = [namesOf(circle), namesOf(strangers)].sort().join(" and ");
    if (strangers.length === 0 || told.has(parties)) continue;
    told.add(parties);
    findings.error(
      "certificates",
      `${namesOf(circle)} cannot connect with ${namesOf(strangers)}: nobody in the ca.crt of the former signed the certificates of the latter.`,
      "One side has files of another chain. Put back those that the agency of this chain made, with their ca.crt; " +
        "tsbcos chain add-node makes new ones.",
    );
  }
}

function readMember({ name, certificateFile, caFile }: NodeFolder): Member | undefined {
  if (!existsSync(certificateFile) || !existsSync(caFile)) return undefined;
  try {
    const trusted = readFileSync(caFile, "utf8").trim();
    const chain = readCertificates(readFileSync(certificateFile, "utf8"), certificateFile);
    return { name, chain, trusted, authorities: readCertificates(trusted, caFile) };
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** From the leaf upwards, until somebody is known. */
function isTrusted(chain: readonly Certificate[], authorities: readonly Certificate[]): boolean {
  let current = chain[0];
  for (let step = 0; current !== undefined && step < chain.length; step++) {
    const certificate: Certificate = current;
    if (authorities.some((known) => known.pem === certificate.pem || isIssuedBy(certificate, known))) return true;
    current = chain.find((other) => other !== certificate && isIssuedBy(certificate, other));
  }
  return false;
}

function namesOf(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(", ");
}
