/** Results by what they were made of. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many results are kept in memory. */
const ENTRIES_MAX = 32;

/** Outputs of compilers, by compiler and input; in memory, and in a folder when there is one. */
export class OutputCache {
  readonly #folder: string | undefined;
  readonly #outputs = new Map<string, string>();

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** The key of an input: the compiler's version and hash belong to it. */
  static key(...parts: readonly string[]): string {
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  get(key: string): string | undefined {
    return this.#outputs.get(key) ?? this.#read(key);
  }

  #read(key: string): string | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      const text = readFileSync(join(this.#folder, `${key}.json`), "utf8");
      // Half a file is as good as none.
      JSON.parse(text);
      return text;
    } catch {
      return undefined;
    }
  }

  set(key: string, output: string): void {
    this.#outputs.set(key, output);
    const [oldest] = this.#outputs.keys();
    if (this.#outputs.size > ENTRIES_MAX && oldest !== undefined) this.#outputs.delete(oldest);
    if (this.#folder === undefined) return;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const temporary = join(this.#folder, `${key}.${process.pid}.part`);
      writeFileSync(temporary, output);
      renameSync(temporary, join(this.#folder, `${key}.json`));
    } catch {
      // A folder that cannot be written costs time, not results.
    }
  }
}
