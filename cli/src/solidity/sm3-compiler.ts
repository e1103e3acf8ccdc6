/**
 * Makes a Solidity compiler cut selectors, topics and hashes of constants from SM3, as chains of the sm kind want it.
 *
 * The published gm compilers are the ordinary ones with one function exchanged: the hash. The same is done here to the
 * compiler in memory. Keccak-256 reaches its permutation in one place, which is found by the table of round constants that only
 * it uses; there, the blocks of the message are collected, and what comes out is SM3 of the message.
 */
import { createHash } from "node:crypto";
import { WasmReader } from "./wasm-reader.js";

/** Bytes of state that the permutation works on, and how many of them a block of the message fills. */
const STATE_BYTES = 200;
const RATE_BYTES = 136;
const HASH_BYTES = 32;
/** Where the number of the message that is being collected stands: behind what blocks touch. */
const MARK_OFFSET = RATE_BYTES;

/** In place of the permutation: takes the state at an address of the compiler's memory. */
export type Permutation = (memory: Uint8Array, address: number) => void;

/**
 * A permutation whose sponge is SM3. Whether a block is the last is not told: each that ends in padding is answered as if it
 * were, and when another follows, the answer is taken off it again.
 */
export function sm3Permutation(): Permutation {
  let mark = 0;
  let collected: Uint8Array[] = [];
  let answer: Uint8Array = new Uint8Array(HASH_BYTES);
  return (memory, address) => {
    const state = memory.subarray(address, address + STATE_BYTES);
    const view = new DataView(memory.buffer, memory.byteOffset + address, STATE_BYTES);
    const found = view.getUint32(MARK_OFFSET, true);
    if (found === 0) {
      collected = [];
      answer = new Uint8Array(HASH_BYTES);
    } else if (found !== mark) {
      throw new Error("two messages are hashed at once");
    }
    const block = state.slice(0, RATE_BYTES);
    for (let index = 0; index < HASH_BYTES; index++) block[index] = (block[index] ?? 0) ^ (answer[index] ?? 0);
    const rest = withoutPadding(block);
    answer = rest === undefined ? new Uint8Array(HASH_BYTES) : sm3([...collected, rest]);
    collected.push(block);
    state.fill(0);
    state.set(answer);
    mark = (mark + 1) >>> 0 || 1;
    view.setUint32(MARK_OFFSET, mark, true);
  };
}

function sm3(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sm3");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The message in a last block; undefined when the block is full. */
function withoutPadding(block: Uint8Array): Uint8Array | undefined {
  const last = block[RATE_BYTES - 1] ?? 0;
  if ((last & 0x80) === 0) return undefined;
  const plain = Uint8Array.from(block);
  plain[RATE_BYTES - 1] = last ^ 0x80;
  let end = RATE_BYTES - 1;
  while (end >= 0 && plain[end] === 0) end--;
  return end >= 0 && plain[end] === 0x01 ? plain.subarray(0, end) : undefined;
}

/** The first round constants as they lie in memory. */
const ROUND_CONSTANTS = Buffer.alloc(32);
[1n, 0x8082n, 0x8000_0000_0000_808an, 0x8000_0000_8000_8000n].forEach((constant, index) => {
  ROUND_CONSTANTS.writeBigUInt64LE(constant, 8 * index);
});

/** Where the memory of a compiled-to-JavaScript program begins. */
const GLOBAL_BASE = 8;
/** Name under which the permutation is handed to the exchanged function. */
export const PERMUTATION_NAME = "__tsbcosPermutation";

/** Whether a compiler's file is JavaScript through and through, and not WebAssembly in an envelope. */
export function isPlainJavaScript(source: string): boolean {
  return source.includes('"almost asm"') || source.includes('"use asm"');
}

/**
 * The text of a compiler in plain JavaScript with the permutation exchanged; undefined when it has none, as compilers that
 * were made for SM3.
 */
export function exchangeInJavaScript(source: string): string | undefined {
  const data = /data:application\/octet-stream;base64,([A-Za-z0-9+/=]{100,})/.exec(source)?.[1];
  const offset = data === undefined ? -1 : Buffer.from(data, "base64").indexOf(ROUND_CONSTANTS);
  const uses = [...source.matchAll(new RegExp(`=${offset + GLOBAL_BASE}\\+\\(`, "g"))];
  if (offset < 0 || uses.length !== 1) return undefined;
  const start = source.lastIndexOf("function ", uses[0]?.index);
  const open = source.indexOf("{", start);
  const parameter = /^function \w+\((\w+)\)$/.exec(source.slice(start, open))?.[1];
  if (parameter === undefined) return undefined;
  let depth = 0;
  let end = open;
  for (; end < source.length; end++) {
    if (source[end] === "{") depth++;
    else if (source[end] === "}" && --depth === 0) break;
  }
  const body = `{${PERMUTATION_NAME}(Module["HEAPU8"],${parameter}|0)}`;
  return source.slice(0, open) + body + source.slice(end + 1);
}

/** Exit codes are below, addresses above. */
const ADDRESS_MIN = 1024;

/** Functions and memory that a module is given, by group and name. */
export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** As much of the platform's WebAssembly as is used; the library of types has it for browsers only. */
interface Wasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: WasmImports) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (limits: object) => WasmMemory;
}

/**
 * Exchanges the permutation in WebAssembly modules that are made from here on. The new body calls the import that ends a
 * program, the only one that no compilation calls, with an address in place of an exit code.
 */
export function exchangeInWebAssembly(permute: Permutation): void {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm };
  const { Module, Instance } = wasm;
  const originals = new WeakMap<object, Uint8Array>();
  wasm.Module = function (bytes: Uint8Array): object {
    const module = new Module(bytes);
    originals.set(module, bytes);
    return module;
  } as unknown as typeof Module;
  wasm.Instance = function (module: object, imports: WasmImports): object {
    const bytes = originals.get(module);
    const changed = bytes === undefined ? undefined : exchangeInModule(bytes, imports);
    if (changed === undefined) return new Instance(module, imports);
    const group = imports[changed.group] ?? {};
    const exit = group[changed.name] as (value: number) => void;
    const hook = (value: number): void => {
      if (value >>> 0 < ADDRESS_MIN) exit(value);
      // The memory moves when it grows.
      else permute(new Uint8Array(memory.buffer), value >>> 0);
    };
    const hooked = { ...imports, [changed.group]: { ...group, [changed.name]: hook } };
    const instance = new Instance(new Module(changed.bytes), hooked);
    const all = [instance.exports, ...Object.values(imports)].flatMap((one) => Object.values(one));
    const memory = all.find((one) => one instanceof wasm.Memory) as WasmMemory;
    return instance;
  } as unknown as typeof Instance;
}

/** A changed module, and the import that its new body calls. */
export interface ChangedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly group: string;
  readonly name: string;
}

const I32_TO_NOTHING = "127>";
/** The import that ends the program, by the names that it had over the years. */
const EXIT_NAMES: ReadonlySet<string> = new Set(["_exit", "exitJS"]);

/** A copy of a module in which the one function that uses the round constants only calls an import; undefined without one. */
export function exchangeInModule(bytes: Uint8Array, imports: WasmImports): ChangedModule | undefined {
  const constants = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(ROUND_CONSTANTS);
  if (constants < 0) return undefined;
  const copy = Uint8Array.from(bytes);
  const module = new WasmReader(copy);
  const types = module.types();
  const functions = module.imports();
  const exit = functions.findIndex(
    ({ group, name, type }) =>
      types[type] === I32_TO_NOTHING &&
      EXIT_NAMES.has((imports[group]?.[name] as { name?: string } | undefined)?.name ?? ""),
  );
  const address = module.addressOf(constants);
  const called = functions[exit];
  if (called === undefined || address === undefined) return undefined;
  const use = Buffer.from([0x41, ...signedLeb(address)]);
  const signatures = module.functionTypes();
  const users = module
    .bodies()
    .flatMap(([start, end], index) =>
      Buffer.from(copy.buffer, start, end - start).includes(use) && types[signatures[index] ?? -1] === I32_TO_NOTHING
        ? [[start, end] as const]
        : [],
    );
  const [body] = users;
  if (users.length !== 1 || body === undefined) return undefined;
  const [start, end] = body;
  // No locals; `local.get 0; call exit; end`, and before it instructions that do nothing, so that no size changes.
  const call = [0x20, 0x00, 0x10, ...unsignedLeb(exit), 0x0b];
  copy.fill(0x01, start, end);
  copy[start] = 0;
  copy.set(call, end - call.length);
  return { bytes: copy, group: called.group, name: called.name };
}

function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    if ((rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}
