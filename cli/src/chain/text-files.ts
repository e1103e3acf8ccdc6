/** Files to be written: collected first, so that nothing is written before everything is known to be good. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** One file. */
export interface TextFile {
  /** Path from the folder that is being filled. */
  readonly path: string;
  readonly text: string;
  /** Permissions; undefined: as usual for the user. */
  readonly mode?: number;
}

const KEY_MODE = 0o600;
const SCRIPT_MODE = 0o755;

/** A private key: for its owner's eyes only. */
export function keyFile(path: string, text: string): TextFile {
  return { path, text, mode: KEY_MODE };
}

/** A program text. */
export function scriptFile(path: string, text: string): TextFile {
  return { path, text, mode: SCRIPT_MODE };
}

/** The files with their paths below `folder`. */
export function below(folder: string, files: readonly TextFile[]): TextFile[] {
  return files.map((file) => ({ ...file, path: join(folder, file.path) }));
}

/** Writes the files into `folder`. */
export async function writeFiles(folder: string, files: readonly TextFile[]): Promise<void> {
  for (const { path, text, mode } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, mode === undefined ? {} : { mode });
    // A file that was there keeps its old mode, and the umask may take bits away: set it outright.
    if (mode !== undefined) await chmod(file, mode);
  }
}
