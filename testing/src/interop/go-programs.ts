/** Programs of the Go SDK: built once a run, outside the repository, from the module proxy and the sums of `go.sum`. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { networkComplaint } from "./network-complaint.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MODULE = join(ROOT, "testing", "interop", "go-sdk");
const COMMAND = join(ROOT, "cli", "dist", "main.js");
/** The console of the SDK, as its authors wrote it. */
const CONSOLE = "github.com/FISCO-BCOS/go-sdk/cmd";
/** The first build downloads and compiles some hundred packages: two minutes on two busy cores. */
const BUILD_WITHIN_MS = 10 * 60_000;
const RUN_WITHIN_MS = 100_000;

/** What a failed build says when it is the network's fault, not that of the sources. */
const UNREACHABLE =
  /dial tcp|no such host|i\/o timeout|TLS handshake timeout|403 Forbidden|502 Bad Gateway|proxyconnect/;

/** The two programs, or why there are none. */
export type GoPrograms =
  { readonly ok: true; readonly folder: string; dispose(): void } | { readonly ok: false; readonly reason: string };

/**
 * Builds both programs.
 *
 * @throws Error (as a rejection) when the sources do not compile
 */
export async function buildGoPrograms(): Promise<GoPrograms> {
  if (spawnSync("go", ["version"]).status !== 0) return { ok: false, reason: "there is no Go on the PATH" };
  const folder = mkdtempSync(join(tmpdir(), "tsbcos-go-"));
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const words = ["build", "-mod=readonly", "-o", `${folder}/`, ".", CONSOLE];
    await run("go", words, { cwd: MODULE, timeout: BUILD_WITHIN_MS });
    return { ok: true, folder, dispose };
  } catch (error) {
    dispose();
    return { ok: false, reason: `Go modules cannot be had: ${networkComplaint(error, UNREACHABLE)}` };
  }
}

/** How the programs connect. */
export interface GoConfig {
  readonly type: "channel" | "rpc";
  /** `host:port` of each node; the console uses the first. */
  readonly nodes: readonly string[];
  /** Folder with ca.crt, sdk.crt and sdk.key. */
  readonly sdkFolder: string;
  readonly isSm?: boolean;
}

/** A working directory of the programs: configuration and an account, made with our own command. */
export class GoDesk {
  readonly #programs: string;
  readonly #folder: string;
  /** Its account. */
  readonly address: string;

  constructor(programs: string, name: string, config: GoConfig) {
    this.#programs = programs;
    this.#folder = mkdtempSync(join(programs, `${name}-`));
    const words = [COMMAND, "account", "new", "-o", "accounts", ...(config.isSm === true ? ["--sm"] : [])];
    const made = spawnSync(process.execPath, words, { cwd: this.#folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`no account: ${made.stderr}`);
    const account =
      readdirSync(join(this.#folder, "accounts")).find((file) => /^0x[0-9a-f]{40}\.pem$/.test(file)) ?? "";
    this.address = account.slice(0, -".pem".length);
    writeFileSync(join(this.#folder, "config.toml"), configText(config, `accounts/${account}`));
  }

  /** What the console prints for a command. */
  async console(...words: readonly string[]): Promise<string> {
    const { stdout } = await run(join(this.#programs, "cmd"), words, { cwd: this.#folder, timeout: RUN_WITHIN_MS });
    return stdout;
  }

  /** The JSON after the heading that the console prints for a query. */
  async query(...words: readonly string[]): Promise<unknown> {
    const text = await this.console(...words);
    return JSON.parse(text.slice(text.indexOf("\n") + 1)) as unknown;
  }

  /** What the program with the client library saw. */
  async exercise(...words: readonly string[]): Promise<unknown> {
    const { stdout } = await run(join(this.#programs, "interop"), words, { cwd: this.#folder, timeout: RUN_WITHIN_MS });
    // The library prints by itself before.
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as unknown;
  }
}

function configText({ type, nodes, sdkFolder, isSm = false }: GoConfig, account: string): string {
  return [
    "[Network]",
    `Type="${type}"`,
    `CAFile="${sdkFolder}/ca.crt"`,
    `Cert="${sdkFolder}/sdk.crt"`,
    `Key="${sdkFolder}/sdk.key"`,
    ...nodes.flatMap((node) => ["[[Network.Connection]]", `NodeURL="${node}"`, "GroupID=1"]),
    "[Account]",
    `KeyFile="${account}"`,
    "[Chain]",
    "ChainID=1",
    `SMCrypto=${isSm}`,
    "",
  ].join("\n");
}
