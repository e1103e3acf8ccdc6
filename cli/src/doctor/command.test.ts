import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addDoctorCommand } from "./index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-doctor-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  [["--rpc", "10.0.0.2:8545"], /--rpc takes URLs .*, not "10\.0\.0\.2:8545"/],
  [[], /holds no nodes/],
  [["absent"], /There is no .*absent/],
])("%j is refused with what is wrong", async (words, message) => {
  const program = new Command().exitOverride();
  addDoctorCommand(program);
  const path = words.includes("absent") ? join(folder, "absent") : folder;
  const options = words.filter((word) => word !== "absent");
  await expect(program.parseAsync(["node", "tsbcos", "doctor", ...options, path])).rejects.toThrow(message);
});
