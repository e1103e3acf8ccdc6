import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ClassicLevel } from "classic-level";
import { ascii, bytesToUtf8, createRandom, utf8ToBytes } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openReader, openStore } from "./index.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tsbcos-store-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const random = createRandom("storage");
const key = (text: string): ByteString => ascii(text);

/** Writes batches 1 to `count`, each of one value that does not compress and a counter, and closes the store. */
async function writeBatches(count: number, valueBytes = 6000): Promise<void> {
  const store = await openStore({ directory });
  for (let batch = 1; batch <= count; batch++) {
    await store.write([
      { key: key(`value/${String(batch)}`), value: random.bytes(valueBytes) },
      { key: key("count"), value: Uint8Array.of(batch) },
    ]);
  }
  await store.close();
}

function fileEnding(ending: string): string {
  const name = readdirSync(directory).find((file) => file.endsWith(ending));
  return join(directory, name ?? `no file ${ending}`);
}

function flipByteInTheMiddle(file: string): void {
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  writeFileSync(file, bytes);
}

test("keys are bytes: all 256 values, told apart and kept", async () => {
  const store = await openStore({ directory });
  const rows = Array.from({ length: 256 }, (_, byte) => ({
    key: key(`t_${String.fromCharCode(byte)}`),
    value: Uint8Array.of(byte, 255 - byte),
  }));
  await store.write(rows);
  await store.close();
  const again = await openStore({ directory });
  for (const row of rows) expect(again.get(row.key)).toEqual(row.value);
  await again.close();
});

test("the saved prepare outlives the process and is replaced as a whole", async () => {
  const store = await openStore({ directory });
  expect(store.loadPrepare()).toBeUndefined();
  await store.savePrepare(Uint8Array.of(1, 2, 3));
  await store.savePrepare(Uint8Array.of(4));
  await store.close();
  const again = await openStore({ directory });
  expect(again.loadPrepare()).toEqual(Uint8Array.of(4));
  await again.close();
});

test("writes take effect in the order of the calls, also when nobody waits", async () => {
  const store = await openStore({ directory });
  const writes = Array.from({ length: 50 }, (_, i) => store.write([{ key: key("n"), value: Uint8Array.of(i) }]));
  await Promise.all(writes);
  expect(store.get(key("n"))).toEqual(Uint8Array.of(49));
  await store.close();
});

describe("a reader in another thread", () => {
  /** Reads as fast as it can, and says so once. */
  const READING = `
    const { parentPort, workerData } = require("node:worker_threads");
    const { ClassicLevel } = require("classic-level");
    const database = new ClassicLevel(workerData, { valueEncoding: "view", multithreading: true });
    database.open().then(() => {
      parentPort.postMessage("reading");
      for (;;) if (database.getSync("n") === undefined) throw new Error("lost");
    });
  `;

  test("shows what was stored, as soon as it was", async () => {
    const store = await openStore({ directory, hasReaders: true });
    const reader = await openReader(directory);
    for (let batch = 0; batch < 20; batch++) {
      await store.write([{ key: key("n"), value: Uint8Array.of(batch) }]);
      expect(reader.get(key("n"))).toEqual(Uint8Array.of(batch));
    }
    expect(reader.get(key("nothing"))).toBeUndefined();
    await reader.close();
    await store.close();
  });

  test("may be ended at any moment: the store goes on, and lets go of its directory at the end", async () => {
    const store = await openStore({ directory, hasReaders: true });
    await store.write([{ key: key("n"), value: Uint8Array.of(1) }]);
    for (let round = 0; round < 10; round++) {
      const worker = new Worker(READING, { eval: true, workerData: directory });
      await once(worker, "message");
      const writing = store.write([{ key: key("n"), value: random.bytes(100_000) }]);
      await worker.terminate();
      await writing;
      expect(store.get(key("n"))?.length).toBe(100_000);
    }
    await store.close();
    await (await openStore({ directory })).close();
  });

  test("must let go before the store is opened anew", async () => {
    const store = await openStore({ directory, hasReaders: true });
    const reader = await openReader(directory);
    await store.close();
    await expect(openStore({ directory, hasReaders: true })).rejects.toMatchObject({ code: "store-locked" });
    await reader.close();
    await (await openStore({ directory, hasReaders: true })).close();
  });

  test("is no second store: one in another thread is refused", async () => {
    const store = await openStore({ directory, hasReaders: true });
    await store.write([{ key: key("n"), value: Uint8Array.of(1) }]);
    const worker = new Worker(READING, { eval: true, workerData: directory });
    await once(worker, "message");
    await store.close();
    await expect(openStore({ directory, hasReaders: true })).rejects.toMatchObject({ code: "store-locked" });
    await worker.terminate();
    await (await openStore({ directory, hasReaders: true })).close();
  });

  test("is refused where nothing is stored", async () => {
    await expect(openReader(join(directory, "nothing"))).rejects.toMatchObject({ code: "store-not-opened" });
  });
});

describe("B15: a store that cannot be trusted is refused, with what to do", () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("it is open in this process already (with readers: %s, and then %s)", async (first, second) => {
    const store = await openStore({ directory, hasReaders: first });
    await store.write([{ key: ascii("k"), value: utf8ToBytes("kept") }]);
    await expect(openStore({ directory, hasReaders: second })).rejects.toMatchObject({
      code: "store-locked",
      message: expect.stringContaining("is open in this process already"),
    });
    expect(bytesToUtf8(store.get(ascii("k"))!)).toBe("kept");
    await store.close();
    const again = await openStore({ directory, hasReaders: second });
    expect(bytesToUtf8(again.get(ascii("k"))!)).toBe("kept");
    await again.close();
  });

  test.each([false, true])("it is open in another process (with readers: %s)", async (hasReaders) => {
    const program = `import { ClassicLevel } from "classic-level";
      const database = new ClassicLevel(process.argv[1]);
      await database.open();
      process.stdout.write("open");
      process.stdin.resume();`;
    const other = spawn(process.execPath, ["--input-type=module", "-e", program, directory], {
      cwd: import.meta.dirname,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const gone = new Promise((done) => other.once("exit", done));
    await new Promise((done) => other.stdout.once("data", done));
    await expect(openStore({ directory, hasReaders })).rejects.toMatchObject({
      code: "store-locked",
      message: expect.stringContaining("is the node running already?"),
    });
    other.kill("SIGKILL");
    await gone;
  });

  test("the directory is that of a C++ node", async () => {
    writeFileSync(join(directory, "IDENTITY"), "x");
    await expect(openStore({ directory })).rejects.toMatchObject({ code: "store-foreign" });
  });

  test("the directory is a database of something else", async () => {
    const database = new ClassicLevel(directory);
    await database.put("somebody", "else");
    await database.close();
    await expect(openStore({ directory })).rejects.toMatchObject({ code: "store-foreign" });
  });

  test("the path is a file", async () => {
    const path = join(directory, "file");
    writeFileSync(path, "");
    await expect(openStore({ directory: path })).rejects.toMatchObject({ code: "store-not-opened" });
  });

  test("a block in the middle of the log is unreadable", async () => {
    await writeBatches(30);
    flipByteInTheMiddle(fileEnding(".log"));
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: "store-damaged",
      message: expect.stringContaining("fetches all blocks from the other nodes"),
    });
  });

  test("its list of files is gone", async () => {
    await writeBatches(3);
    rmSync(fileEnding("CURRENT"));
    writeFileSync(join(directory, "CURRENT"), "MANIFEST-999999\n");
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: expect.stringMatching(/^store-(damaged|not-opened)$/),
    });
  });

  test("a value changed on disk is noticed when it is read", async () => {
    await writeBatches(1, 200_000);
    const database = new ClassicLevel(directory);
    await database.compactRange("", "\u{10FFFF}");
    await database.close();
    flipByteInTheMiddle(fileEnding(".ldb"));
    const store = await openStore({ directory });
    expect(() => store.get(key("value/1"))).toThrow(expect.objectContaining({ code: "store-damaged" }));
    await store.close();
  });
});

test("B15: a last write cut off by power loss is dropped whole, and all before it is there", async () => {
  await writeBatches(30);
  const log = fileEnding(".log");
  truncateSync(log, readFileSync(log).length - 100);
  const store = await openStore({ directory });
  expect(store.get(key("count"))).toEqual(Uint8Array.of(29));
  expect(store.get(key("value/29"))).toHaveLength(6000);
  expect(store.get(key("value/30"))).toBeUndefined();
  await store.close();
});

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** A process that writes numbered batches of two keys and 20 kB, and reports each one that was stored. */
const WRITER = `
  import { openStore } from "@tsbcos/node/storage";
  const store = await openStore({ directory: process.argv[1] });
  try {
    for (let n = 1; ; n++) {
      const value = new TextEncoder().encode(String(n).padEnd(10_000, "x"));
      await store.write([{ key: "first", value }, { key: "last", value }]);
      console.log(n);
    }
  } catch (error) {
    console.log(error.code);
    process.exit(3);
  }`;

/** These start processes, which run the build. */
describe("in a process", () => {
  test("B15: killed while writing, the store has every reported batch and none by half", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, directory], { cwd: repository });
    let reported = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      reported = Number(line);
      if (reported === 25) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    expect(reported).toBeGreaterThanOrEqual(25);
    const store = await openStore({ directory });
    const stored = Number.parseInt(new TextDecoder().decode(store.get(key("first")) ?? new Uint8Array()), 10);
    expect(stored).toBeGreaterThanOrEqual(reported);
    expect(store.get(key("last"))).toEqual(store.get(key("first")));
    await store.close();
  });

  test("B15: when the disk is full the write fails with its reason, and what was stored stays", async () => {
    // No file may grow beyond 200 blocks: to the database this is a disk without room.
    const limited = `ulimit -f 200; exec "$0" --input-type=module -e "$1" "$2"`;
    const child = spawnSync("bash", ["-c", limited, process.execPath, WRITER, directory], {
      cwd: repository,
      encoding: "utf8",
    });
    const lines = child.stdout.trim().split("\n");
    expect(child.status).toBe(3);
    expect(lines.at(-1)).toBe("store-write-failed");
    const store = await openStore({ directory });
    const stored = Number.parseInt(new TextDecoder().decode(store.get(key("first")) ?? new Uint8Array()), 10);
    expect(stored).toBeGreaterThanOrEqual(lines.length - 1);
    await store.close();
  });
});
