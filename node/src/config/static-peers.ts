/** Rewrites the list of static peers in `config.ini`, keeping everything else as it is. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { CodedError } from "@tsbcos/core/primitives";
import { formatHostAndPort } from "./settings.js";
import type { HostAndPort } from "./settings.js";

const PEER_LINE = /^\s*node\.\d+\s*=.*:\d+\s*$/;

/** The text of `config.ini` with `peers` in place of its own, right after `[p2p]`; undefined without such a section. */
export function replaceStaticPeers(text: string, peers: readonly HostAndPort[]): string | undefined {
  const lines = text.split("\n").filter((line) => !PEER_LINE.test(line));
  const section = lines.findIndex((line) => line.trim().startsWith("[p2p]"));
  if (section < 0) return undefined;
  const entries = peers.map((peer, index) => `    node.${String(index)}=${formatHostAndPort(peer)}`);
  return [...lines.slice(0, section + 1), ...entries, ...lines.slice(section + 1)].join("\n");
}

/**
 * Replaces the static peers in the file. A crash leaves the old or the new file, never half of one.
 *
 * @throws CodedError `peers-not-saved` when the file cannot be written or has no section `[p2p]`
 */
export function saveStaticPeers(file: string, peers: readonly HostAndPort[]): void {
  try {
    const text = replaceStaticPeers(readFileSync(file, "utf8"), peers);
    if (text === undefined) throw new Error("it has no section [p2p]");
    const temporary = `${file}.tmp`;
    const descriptor = openSync(temporary, "w");
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("peers-not-saved", `the peers cannot be saved in ${file}: ${reason}`, { cause });
  }
}
