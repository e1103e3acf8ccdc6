/** Plants a fault into the core that this thread is about to load. */
import { register } from "node:module";
import { PLANTED_BUGS } from "./bugs.js";
import type { Bug } from "./bugs.js";

/** What the loader has to do. */
export interface Planting {
  /** The module to be patched. */
  readonly url: string;
  readonly find: string;
  readonly replace: string;
  /** A global that the patched module sets: proof that the patch is there. */
  readonly mark: string;
}

const MARK = "tsbcosPlantedFault";

/** To be called before any module of the core is loaded in this thread. */
export function plant(bug: Bug): void {
  const { patch } = PLANTED_BUGS[bug];
  if (patch === undefined) return;
  const { file, find, replace } = patch;
  const index = import.meta.resolve("@tsbcos/core/primitives");
  const url = new URL(`../${file}`, index).href;
  register("./hook.js", import.meta.url, { data: { url, find, replace, mark: MARK } satisfies Planting });
}

/**
 * To be called when the core is loaded.
 *
 * @throws Error when the fault is not in it
 */
export function assertPlanted(bug: Bug): void {
  if (PLANTED_BUGS[bug].patch !== undefined && !(MARK in globalThis)) throw new Error(`${bug} was not planted`);
}
