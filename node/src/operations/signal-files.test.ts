import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchSignalFiles, type SignalHandlers, type SignalWatch } from "./signal-files.js";

const INTERVAL_MS = 5;

let folder: string;
let configFile: string;
let watch: SignalWatch | undefined;
let errors: string[];

// Time passes as the tests say: a look is taken when one is asked for, and not before.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  folder = mkdtempSync(join(tmpdir(), "tsbcos-signals-"));
  configFile = join(folder, "config.ini");
  errors = [];
});
afterEach(() => {
  watch?.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function start(handlers: SignalHandlers): void {
  watch = watchSignalFiles({
    configFile,
    handlers,
    intervalMs: INTERVAL_MS,
    onError: (file, error) =>
      errors.push(`${file.slice(folder.length + 1)}: ${(error as NodeJS.ErrnoException).message}`),
  });
}
const signal = (name: string): void => {
  writeFileSync(`${configFile}.${name}`, "");
};
const looks = async (count: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(count * INTERVAL_MS);
};

test("a file is handled once and removed; the next one counts again", async () => {
  let calls = 0;
  start({ append_group: () => void calls++ });
  await looks(4);
  expect(calls).toBe(0);
  for (const expected of [1, 2]) {
    signal("append_group");
    await looks(1);
    expect(calls).toBe(expected);
    expect(existsSync(`${configFile}.append_group`)).toBe(false);
    await looks(4);
    expect(calls).toBe(expected);
  }
});

test("one that comes while the former is handled is handled afterwards", async () => {
  const ends: (() => void)[] = [];
  start({ append_group: () => new Promise<void>((resolve) => ends.push(resolve)) });
  signal("append_group");
  await looks(1);
  expect(ends).toHaveLength(1);
  signal("append_group");
  await looks(4);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await looks(2);
  expect(ends).toHaveLength(2);
});

test("a handler that fails is reported, and others go on", async () => {
  let calls = 0;
  start({
    append_group: () => {
      throw new Error("no");
    },
    reset_certificate_whitelist: () => void calls++,
  });
  signal("append_group");
  signal("reset_certificate_whitelist");
  await looks(1);
  expect([errors, calls]).toEqual([["config.ini.append_group: no"], 1]);
});

test("one that cannot be removed is handled once until it is gone", async () => {
  let calls = 0;
  start({ append_group: () => void calls++ });
  mkdirSync(`${configFile}.append_group`);
  await looks(1);
  expect(calls).toBe(1);
  await looks(6);
  expect([calls, errors.length]).toEqual([1, 1]);
  rmSync(`${configFile}.append_group`, { recursive: true });
  await looks(1);
  signal("append_group");
  await looks(1);
  expect(calls).toBe(2);
});

test("other files beside the configuration are left alone", async () => {
  start({ append_group: () => undefined });
  signal("backup");
  await looks(4);
  expect(existsSync(`${configFile}.backup`)).toBe(true);
});
