/** Makes the nodes of a chain those of a recorded one: their keys, certificates and genesis, and all its blocks. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { openStore } from "@tsbcos/node/storage";
import type { StateWrite } from "@tsbcos/core/state";
import { readRecording, replayedLedger } from "../replay/index.js";
import { RECORDINGS, type ChainName } from "../vectors/index.js";
import type { TestChain } from "./chain.js";

/** Folder of the certificates of the recorded SDK. */
export function recordedSdk(name: ChainName): string {
  return join(RECORDINGS, name, "sdk");
}

/**
 * Puts a recording into a chain that has not been started yet. Its blocks are executed again for that, and compared.
 *
 * @throws Error when they do not give what was recorded
 */
export async function plantRecording(chain: TestChain, name: ChainName): Promise<void> {
  const recorded = join(RECORDINGS, name);
  const batches: (readonly StateWrite[])[] = [];
  replayedLedger(readRecording(recorded, await loadNativeSuites()), {
    onWrite: (batch) => batches.push(batch),
    // As nodes that were there from the first block on, which answer calls on any state.
    opened: new Map([[0, { keepsHistory: true }]]),
  });
  for (const { index, directory } of chain.nodes) {
    const conf = join(directory, "conf");
    cpSync(join(recorded, "nodes", `node${index}`), conf, { recursive: true });
    writeFileSync(join(conf, "group.1.genesis"), readFileSync(join(recorded, "group.1.genesis")));
    const storeDirectory = join(directory, "data", "group1", "block", "level");
    mkdirSync(storeDirectory, { recursive: true });
    const store = await openStore({ directory: storeDirectory });
    for (const batch of batches) await store.write(batch);
    await store.close();
  }
}
