/** From calldata to the function of a contract: selectors, argument reader, gas. */
import { EMPTY_BYTES, ascii } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_4_0 } from "../../protocol/index.js";
import { ArgumentReader, argumentsIn, selectorIn, selectorOf } from "../abi/index.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult } from "./contract.js";
import { GasMeter } from "./gas.js";

/** One running call, as the functions of contracts see it. */
export interface Invocation {
  readonly context: PrecompiledContext;
  readonly call: PrecompiledCall;
  /** Arguments, to be read in the order of the signature. */
  readonly args: ArgumentReader;
  readonly gas: GasMeter;
}

/** Runs one function of a contract; `object` is the temporary object that was called, if it is one. */
export type Method<T = undefined> = (invocation: Invocation, object: T) => Uint8Array;

/** What a contract answers to, by signature text. */
export interface Interface<T = undefined> {
  /** Functions of every version. */
  readonly methods: Readonly<Record<string, Method<T>>>;
  /** Functions that came later, with their version. */
  readonly laterMethods?: readonly {
    readonly since: SupportedVersion;
    readonly methods: Readonly<Record<string, Method<T>>>;
    /** On earlier versions 2.9.1 compares with the selectors of these all the same, which are zero then: the first answers to it. */
    readonly isZeroBefore?: boolean;
  }[];
  /** True when the length of the calldata counts as memory, whatever the call does. */
  readonly chargesInput: boolean;
  /** Answer to an unknown selector; without it the output is empty. */
  readonly unknown?: (invocation: Invocation) => Uint8Array;
}

interface Entry<T> {
  readonly since: SupportedVersion | undefined;
  readonly method: Method<T>;
}

/** The functions of one contract, found by selector. */
export class Dispatcher<T = undefined> {
  readonly signatures: readonly string[];
  private readonly contract: Interface<T>;
  private readonly tables = new WeakMap<CryptoSuite, ReadonlyMap<number, Entry<T>>>();

  constructor(contract: Interface<T>) {
    this.contract = contract;
    const later = contract.laterMethods ?? [];
    this.signatures = [contract.methods, ...later.map(({ methods }) => methods)].flatMap((set) => Object.keys(set));
  }

  /** Runs the function that the calldata selects; calldata shorter than a selector selects none. */
  run(context: PrecompiledContext, call: PrecompiledCall, object: T): PrecompiledResult {
    const gas = new GasMeter(context.freeStorage);
    if (this.contract.chargesInput) gas.setMemory(call.input.length);
    const invocation = { context, call, args: new ArgumentReader(argumentsIn(call.input)), gas };
    const method = this.find(context, call.input);
    const output = method?.(invocation, object) ?? this.contract.unknown?.(invocation) ?? EMPTY_BYTES;
    return { output, gasCost: context.version < V2_4_0 ? 0n : gas.total(output.length) };
  }

  private find(context: PrecompiledContext, input: Uint8Array): Method<T> | undefined {
    const selector = selectorIn(input);
    if (selector === undefined) return undefined;
    if (selector === 0) return this.selectedByZero(context.version);
    const entry = this.selectors(context.suite).get(selector);
    if (entry === undefined || (entry.since !== undefined && context.version < entry.since)) return undefined;
    return entry.method;
  }

  private selectedByZero(version: SupportedVersion): Method<T> | undefined {
    const later = this.contract.laterMethods?.find(
      ({ since, isZeroBefore = false }) => isZeroBefore && version < since,
    );
    return later === undefined ? undefined : Object.values(later.methods)[0];
  }

  /** Selectors are hashes of signatures, so they differ between standard and sm chains; computed once a suite. */
  private selectors(suite: CryptoSuite): ReadonlyMap<number, Entry<T>> {
    const known = this.tables.get(suite);
    if (known !== undefined) return known;
    const table = new Map<number, Entry<T>>();
    const add = (methods: Readonly<Record<string, Method<T>>>, since: SupportedVersion | undefined): void => {
      for (const [signature, method] of Object.entries(methods)) {
        table.set(selectorOf(suite, ascii(signature)), { since, method });
      }
    };
    add(this.contract.methods, undefined);
    for (const { since, methods } of this.contract.laterMethods ?? []) add(methods, since);
    this.tables.set(suite, table);
    return table;
  }
}
