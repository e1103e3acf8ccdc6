/** What every key-value store under a ledger must do, whoever implements it: in memory, simulated, or on disk. */
import { afterEach, describe, expect, test } from "vitest";
import type { ByteString } from "@tsbcos/core/primitives";
import { ascii, bytesToByteString, createRandom } from "@tsbcos/core/primitives";
import type { KeyValueReader, StateWrite } from "@tsbcos/core/state";

/** A store as the suite uses it. */
export interface KeyValueStoreUnderTest extends KeyValueReader {
  /** Writes a batch; it is durable when this returns or resolves. */
  write(batch: readonly StateWrite[]): Promise<void> | void;
  /** Ends the use of the store in an orderly way. */
  close(): Promise<void> | void;
}

/** How the suite gets at stores. */
export interface KeyValueStoreFactory {
  /** A new, empty store. */
  create(): Promise<KeyValueStoreUnderTest> | KeyValueStoreUnderTest;
  /** The last created store as the next process finds it, after it was closed. */
  reopen(): Promise<KeyValueStoreUnderTest> | KeyValueStoreUnderTest;
}

const key = (text: string): ByteString => ascii(text);

function write(text: string, value: string): StateWrite {
  return { key: key(text), value: new TextEncoder().encode(value) };
}

function read(store: KeyValueReader, text: string): string | undefined {
  const value = store.get(key(text));
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

/**
 * Registers the tests of one implementation.
 *
 * @param describedAs name of the implementation in the test report
 */
export function keyValueConformance(describedAs: string, factory: KeyValueStoreFactory): void {
  describe(`key-value store: ${describedAs}`, () => {
    let opened: KeyValueStoreUnderTest | undefined;
    const create = async (): Promise<KeyValueStoreUnderTest> => (opened = await factory.create());
    const reopen = async (): Promise<KeyValueStoreUnderTest> => {
      await opened?.close();
      return (opened = await factory.reopen());
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    registerReading(create, reopen);
    registerBatches(create, reopen);
    registerOwnership(create);
  });
}

type Open = () => Promise<KeyValueStoreUnderTest>;

function registerReading(create: Open, reopen: Open): void {
  test("a key that was never written has no value; an empty value is a value", async () => {
    const store = await create();
    expect(read(store, "k")).toBeUndefined();
    await store.write([write("k", "")]);
    expect(read(store, "k")).toBe("");
    expect(read(await reopen(), "k")).toBe("");
  });

  test("keys are bytes: all 256 of them, any length, nothing is folded or cut", async () => {
    const store = await create();
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
    const pairs = all.flatMap((byte) => [byte, `k${byte}`, `${byte}k`]);
    const keys = [...new Set([...pairs, "x".repeat(5000)])];
    const batch = keys.map((text, index) => write(text, String(index)));
    await store.write(batch);
    const check = (reader: KeyValueReader): void => {
      for (const [index, text] of keys.entries()) expect(read(reader, text)).toBe(String(index));
    };
    check(store);
    check(await reopen());
  });

  test("values are bytes of any length", async () => {
    const store = await create();
    const random = createRandom("key-value conformance");
    const values = [0, 1, 255, 4096, 65_537, 1_500_000].map((length) => random.bytes(length));
    await store.write(values.map((value, index) => ({ key: key(`v${index}`), value })));
    const check = (reader: KeyValueReader): void => {
      for (const [index, value] of values.entries()) {
        // As text: comparing a million elements one by one takes seconds.
        expect(bytesToByteString(reader.get(key(`v${index}`)) ?? new Uint8Array(0)) === bytesToByteString(value)).toBe(
          true,
        );
      }
    };
    check(store);
    check(await reopen());
  });
}

function registerBatches(create: Open, reopen: Open): void {
  test("a batch is there when it was written, and so is every batch before it", async () => {
    const store = await create();
    for (let round = 0; round < 20; round++) {
      await store.write([write("round", String(round)), write(`of ${round}`, "x")]);
      expect(read(store, "round")).toBe(String(round));
    }
    const later = await reopen();
    expect(read(later, "round")).toBe("19");
    for (let round = 0; round < 20; round++) expect(read(later, `of ${round}`)).toBe("x");
  });

  test("of two writes to one key in a batch the later holds", async () => {
    const store = await create();
    await store.write([write("k", "first"), write("other", "x"), write("k", "second")]);
    expect(read(store, "k")).toBe("second");
    expect(read(await reopen(), "k")).toBe("second");
  });

  test("what is removed is gone, in the order of the batch and of batches, and never was an error", async () => {
    const store = await create();
    const remove = (text: string): StateWrite => ({ key: key(text), value: undefined });
    await store.write([write("k", "x"), write("other", "y"), remove("nothing")]);
    await store.write([remove("k"), remove("other"), write("other", "z")]);
    expect([read(store, "k"), read(store, "other")]).toEqual([undefined, "z"]);
    const later = await reopen();
    expect([read(later, "k"), read(later, "other")]).toEqual([undefined, "z"]);
    await later.write([write("k", "again"), remove("other")]);
    expect([read(later, "k"), read(later, "other")]).toEqual(["again", undefined]);
  });

  test("an empty batch is a batch", async () => {
    const store = await create();
    await store.write([]);
    expect(read(store, "k")).toBeUndefined();
  });

  test("batches written without waiting take effect in their order", async () => {
    const store = await create();
    await Promise.all(Array.from({ length: 30 }, (_, round) => store.write([write("k", String(round))])));
    expect(read(store, "k")).toBe("29");
    expect(read(await reopen(), "k")).toBe("29");
  });

  test("a batch is seen whole or not at all while it is being written", async () => {
    const store = await create();
    const names = Array.from({ length: 200 }, (_, index) => `row ${index}`);
    await store.write(names.map((name) => write(name, "old")));
    const writing = store.write(names.map((name) => write(name, "new")));
    let finished = false;
    const done = Promise.resolve(writing).then(() => (finished = true));
    for (;;) {
      const seen = new Set(names.map((name) => read(store, name)));
      expect(seen.size).toBe(1);
      if (finished) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect(read(store, "row 0")).toBe("new");
  });
}

function registerOwnership(create: Open): void {
  test("what was given may be changed afterwards, and so may what was handed out", async () => {
    const store = await create();
    const value = Uint8Array.of(1, 2, 3);
    await store.write([{ key: key("k"), value }]);
    value[0] = 9;
    expect(store.get(key("k"))).toEqual(Uint8Array.of(1, 2, 3));
    const handedOut = store.get(key("k"));
    if (handedOut !== undefined) handedOut[1] = 9;
    expect(store.get(key("k"))).toEqual(Uint8Array.of(1, 2, 3));
  });
}
