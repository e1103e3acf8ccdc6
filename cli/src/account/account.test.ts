import { EventEmitter } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { readAccountFile } from "@tsbcos/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addAccountCommands, askHidden, PASSWORD_VARIABLE, readPassword, type Terminal } from "./index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-account-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

/** Runs `tsbcos account ...` and gives what it prints. */
async function run(...words: readonly string[]): Promise<string> {
  let printed = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    const program = new Command("tsbcos").exitOverride();
    addAccountCommands(program);
    await program.parseAsync(["account", ...words], { from: "user" });
  } finally {
    spy.mockRestore();
  }
  return printed;
}

const addressIn = (printed: string): string => /Account Address {3}: (0x[0-9a-f]{40})/.exec(printed)?.[1] ?? "";

/** A terminal at which somebody types. */
function typing(...texts: readonly string[]): {
  readonly terminal: Terminal;
  readonly shown: () => string;
  readonly raw: boolean[];
} {
  const events = new EventEmitter();
  const raw: boolean[] = [];
  const answers = [...texts];
  let shown = "";
  const input = Object.assign(events, {
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
    resume: () => setImmediate(() => events.emit("data", Buffer.from(answers.shift() ?? ""))),
    pause: () => undefined,
  });
  const output = { write: (text: string) => (shown += text) !== "" };
  return { terminal: { input, output } as unknown as Terminal, shown: () => shown, raw };
}

describe("tsbcos account", () => {
  test.each([
    ["", [], "secp256k1"],
    ["--sm", ["--sm"], "SM2"],
  ])("new %s makes a PEM file whose address show prints again", async (_what, options, type) => {
    const printed = await run("new", "--out", folder, ...options);
    const address = addressIn(printed);
    expect(readdirSync(folder).sort()).toEqual([`${address}.pem`, `${address}.public.pem`]);
    expect(printed).toContain(`Private Key (pem) : ${join(folder, `${address}.pem`)}`);
    const shown = await run("show", join(folder, `${address}.pem`));
    expect(addressIn(shown)).toBe(address);
    expect(shown).toContain(type);
  });

  test("--p12 takes the password from a file or from the environment, and prints it nowhere", async () => {
    const password = "not to be seen";
    const passwordFile = join(folder, "password.txt");
    writeFileSync(passwordFile, `${password}\n`);
    const out = join(folder, "accounts");
    const printed = await run("new", "--p12", "--out", out, "--password-file", passwordFile);
    const file = join(out, `${addressIn(printed)}.p12`);
    expect((await readAccountFile(file, password)).address).toBe(addressIn(printed));
    vi.stubEnv(PASSWORD_VARIABLE, password);
    const shown = await run("show", file);
    expect(addressIn(shown)).toBe(addressIn(printed));
    expect(printed + shown).not.toContain(password);
    vi.stubEnv(PASSWORD_VARIABLE, "wrong");
    await expect(run("show", file)).rejects.toMatchObject({ code: "wrong-password" });
    // A password that would protect nothing is no slip to pass over.
    await expect(run("new", "--out", out, "--password-file", passwordFile)).rejects.toThrow(/add --p12/);
  });

  test("import reads a key from a file", async () => {
    const file = join(folder, "key.txt");
    writeFileSync(file, "0xa2ce994913a16e5c8064af96c54f5cde9446f7c9cd6eedd0c9593265afeface5\n");
    const printed = await run("import", file, "--out", folder);
    expect(addressIn(printed)).toBe("0xb3b28e9f07bd309d8e1f751e9620c62bc97ed4f1");
    expect(readFileSync(join(folder, `${addressIn(printed)}.pem`), "utf8")).toContain("BEGIN PRIVATE KEY");
    await expect(run("import", join(folder, "nothing"))).rejects.toMatchObject({ code: "no-key-file" });
  });
});

describe("a password", () => {
  test("is asked for twice when it is new, without being shown", async () => {
    const { terminal, shown, raw } = typing("s3cret\r", "s3cret\r");
    expect(await readPassword({ repeat: true }, terminal)).toBe("s3cret");
    expect(shown()).toBe("Password: \nOnce more: \n");
    expect(raw).toEqual([true, false, true, false]);
  });

  test("may be corrected while it is typed", async () => {
    expect(await askHidden("?", typing("abd\u007fc\n").terminal)).toBe("abc");
  });

  test("that is typed differently the second time is refused", async () => {
    await expect(readPassword({ repeat: true }, typing("one\r", "two\r").terminal)).rejects.toMatchObject({
      code: "passwords-differ",
    });
  });

  test("can be broken off with Ctrl-C, and the terminal shows again what is typed", async () => {
    const { terminal, raw } = typing("ab\u0003");
    await expect(askHidden("?", terminal)).rejects.toMatchObject({ code: "no-password" });
    expect(raw).toEqual([true, false]);
  });

  test("without a terminal says how scripts give it", async () => {
    const { terminal } = typing();
    const piped = { ...terminal, input: Object.assign(terminal.input, { isTTY: false }) } as unknown as Terminal;
    await expect(readPassword({}, piped)).rejects.toThrow(PASSWORD_VARIABLE);
    await expect(readPassword({ file: join(folder, "nothing") })).rejects.toMatchObject({ code: "no-password" });
  });
});
