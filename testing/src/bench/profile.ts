/** Where CPU time goes, by thread and room, from the profiles that the JavaScript engine writes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Microseconds by room of one thread. */
export interface ThreadProfile {
  /** Guessed from what it runs: main, group or verifier. */
  readonly thread: string;
  readonly microseconds: ReadonlyMap<string, number>;
}

const NOT_WORK: ReadonlySet<string> = new Set(["(idle)", "(root)"]);

/** The room that a function belongs to: `core/evm`, `node/p2p`, a package, or the engine itself. */
export function roomOf({ functionName, url }: ProfileNode["callFrame"]): string {
  const own = /\/(core|node|sdk)\/dist\/((?:consensus|sync)\/[^/]+|[^/]+)\//.exec(url);
  if (own !== null) return `${own[1]}/${own[2]}`;
  const top = /\/(core|node|sdk)\/dist\/([^/]+)\.js$/.exec(url);
  if (top !== null) return `${top[1]}/${top[2]}.js`;
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (library !== null) return `npm ${library[1]}`;
  if (url.startsWith("node:")) return `node.js ${url.slice(5).split("/").slice(0, 2).join("/")}`;
  if (url.startsWith("wasm:")) return "wasm (keccak)";
  if (functionName === "(garbage collector)") return "garbage collection";
  return functionName === "(program)" ? "engine, native code" : `native ${functionName}`;
}

function readProfile(file: string): ThreadProfile {
  const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const microseconds = new Map<string, number>();
  let thread = "main";
  for (const { callFrame } of profile.nodes) {
    if (callFrame.url.endsWith("/runtime/group-host.js")) thread = "group";
    if (callFrame.functionName === "verifyBatch") thread = "verifier";
  }
  profile.samples.forEach((id, index) => {
    const node = nodes.get(id);
    if (node === undefined || NOT_WORK.has(node.callFrame.functionName)) return;
    const room = roomOf(node.callFrame);
    microseconds.set(room, (microseconds.get(room) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0));
  });
  return { thread, microseconds };
}

/** All profiles of a folder. */
export function readProfiles(directory: string): ThreadProfile[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => readProfile(join(directory, name)));
}

/** Text: for each thread its rooms, most time first, in milliseconds and percent of the thread. */
export function roomTable(profiles: readonly ThreadProfile[]): string {
  const lines: string[] = [];
  for (const { thread, microseconds } of profiles) {
    const total = [...microseconds.values()].reduce((sum, value) => sum + value, 0);
    lines.push(`${thread}: ${Math.round(total / 1000)} ms`);
    for (const [room, value] of [...microseconds].sort(([, a], [, b]) => b - a)) {
      if (value / total < 0.005) continue;
      lines.push(
        `  ${room.padEnd(36)} ${Math.round(value / 1000)
          .toString()
          .padStart(8)} ms ${((100 * value) / total).toFixed(1).padStart(6)} %`,
      );
    }
  }
  return lines.join("\n");
}
