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

/** What a client is told when the file cannot be replaced: the words of 2.x. */
const FAILURES = {
  read: "fail to open config file",
  insert: "fail to insert peers' data into config file",
  write: "fail to create a tmp config file",
  rename: "fail to rename the config file",
} as const;

function attempt<T>(what: keyof typeof FAILURES, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new CodedError("peers-not-saved", FAILURES[what], { cause });
  }
}

/**
 * Replaces the static peers in the file. A crash leaves the old or the new file, never half of one.
 *
 * @throws CodedError `peers-not-saved` when the file cannot be read or written, or has no section `[p2p]`
 */
export function saveStaticPeers(file: string, peers: readonly HostAndPort[]): void {
  const before = attempt("read", () => readFileSync(file, "utf8"));
  const after = replaceStaticPeers(before, peers);
  if (after === undefined) throw new CodedError("peers-not-saved", FAILURES.insert);
  const temporary = `${file}.tmp`;
  attempt("write", () => {
    const descriptor = openSync(temporary, "w");
    try {
      writeSync(descriptor, after);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
  attempt("rename", () => {
    renameSync(temporary, file);
  });
}
