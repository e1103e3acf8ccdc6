/** A program of the Java SDK: compiled once a run, outside the repository, with what Maven Central has. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { networkComplaint } from "./network-complaint.js";

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL("../../interop/java-sdk-sm", import.meta.url));
const DOWNLOAD_WITHIN_MS = 5 * 60_000;
const RUN_WITHIN_MS = 100_000;

/** What a failed download says when it is the network's fault. */
const UNREACHABLE = /Could not transfer artifact|Could not resolve dependencies|Unknown host|Cannot access/;

/** The program, or why there is none. */
export type JavaProgram =
  | {
      readonly ok: true;
      /** Runs it, and gives what it printed as names and values. */
      run(...words: readonly string[]): Promise<ReadonlyMap<string, string>>;
      dispose(): void;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Compiles the program.
 *
 * @throws Error (as a rejection) when it does not compile
 */
export async function buildJavaProgram(): Promise<JavaProgram> {
  for (const tool of ["javac", "mvn"]) {
    if (spawnSync(tool, ["-version"]).status !== 0) return { ok: false, reason: `there is no ${tool} on the PATH` };
  }
  const folder = mkdtempSync(join(tmpdir(), "tsbcos-java-"));
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const libraries = join(folder, "lib");
    const words = ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${libraries}`];
    await run("mvn", [...words, "-f", join(PROJECT, "pom.xml")], { timeout: DOWNLOAD_WITHIN_MS });
    const classPath = [folder, join(libraries, "*")].join(delimiter);
    // One of the libraries brings a processor of annotations that knows no Java of today.
    const compile = ["-proc:none", "-cp", classPath, "-d", folder, join(PROJECT, "Main.java")];
    await run("javac", compile, { timeout: RUN_WITHIN_MS });
    return {
      ok: true,
      dispose,
      async run(...arguments_) {
        const { stdout } = await run("java", ["-cp", classPath, "Main", ...arguments_], {
          cwd: folder,
          timeout: RUN_WITHIN_MS,
        });
        const lines = stdout.split("\n").flatMap((line) => [...line.matchAll(/^(\w+) (.+)$/g)]);
        return new Map(lines.map(([, name = "", value = ""]) => [name, value]));
      },
    };
  } catch (error) {
    dispose();
    return { ok: false, reason: `the Java SDK cannot be had: ${networkComplaint(error, UNREACHABLE)}` };
  }
}
