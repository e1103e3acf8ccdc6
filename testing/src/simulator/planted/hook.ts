/** Loads the modules of a thread, one of them patched: runs in the loader, before anything of the core is there. */
import type { LoadFnOutput, LoadHookContext } from "node:module";
import type { Planting } from "./plant.js";

type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>;

let planting: Planting | undefined;

/** Called by Node with what was registered. */
export function initialize(data: Planting): void {
  planting = data;
}

/** Called by Node for each module. */
export async function load(url: string, context: LoadHookContext, nextLoad: NextLoad): Promise<LoadFnOutput> {
  const loaded = await nextLoad(url, context);
  if (planting === undefined || url !== planting.url) return loaded;
  const { source } = loaded;
  const text = typeof source === "string" ? source : new TextDecoder().decode(source ?? new Uint8Array());
  const { find, replace, mark } = planting;
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`${url} has ${parts.length - 1} places to be patched in place of one: ${find}`);
  return { ...loaded, source: `${parts.join(replace)}\nglobalThis[${JSON.stringify(mark)}] = true;\n` };
}
