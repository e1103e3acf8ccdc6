/** Passwords: asked for without showing them, or taken from where scripts put them. Never printed, never logged. */
import { readFileSync } from "node:fs";
import type { ReadStream, WriteStream } from "node:tty";
import { CodedError } from "@tsbcos/core/primitives";

/** Environment variable that scripts may set. */
export const PASSWORD_VARIABLE = "TSBCOS_PASSWORD";

/** The terminal to ask at, as far as it is needed here. */
export interface Terminal {
  readonly input: Pick<ReadStream, "isTTY" | "setRawMode" | "resume" | "pause" | "on" | "off">;
  readonly output: Pick<WriteStream, "write">;
}

const STANDARD: Terminal = { input: process.stdin, output: process.stderr };

/** Keys that end or change what is typed; everything else belongs to the password. */
const ENTER = /[\r\n]/;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACE = /[\b\u007f]/;

/**
 * The password of an account file: from `file` if one is named, else from the environment, else asked for.
 *
 * @param options.repeat ask twice and compare, for a new password
 * @throws CodedError `no-password`, `passwords-differ`
 */
export async function readPassword(
  options: { readonly file?: string | undefined; readonly repeat?: boolean },
  terminal: Terminal = STANDARD,
): Promise<string> {
  if (options.file !== undefined) {
    try {
      return readFileSync(options.file, "utf8").replace(/\r?\n$/, "");
    } catch (cause) {
      throw new CodedError("no-password", `The password file ${options.file} cannot be read.`, { cause });
    }
  }
  const given = process.env[PASSWORD_VARIABLE];
  if (given !== undefined) return given;
  if (!terminal.input.isTTY) {
    throw new CodedError(
      "no-password",
      `A password is needed, and there is no terminal to ask at. Set ${PASSWORD_VARIABLE} or name a file with --password-file.`,
    );
  }
  const password = await askHidden("Password: ", terminal);
  if (options.repeat === true && (await askHidden("Once more: ", terminal)) !== password) {
    throw new CodedError("passwords-differ", "The two passwords differ; nothing was written.");
  }
  return password;
}

/** Asks at the terminal without showing what is typed. @throws CodedError `no-password` when it is broken off */
export function askHidden(question: string, { input, output }: Terminal = STANDARD): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = (): void => {
      input.off("data", read);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
    };
    const read = (chunk: Buffer): void => {
      for (const key of chunk.toString("utf8")) {
        if (key === CTRL_C || key === CTRL_D) {
          finish();
          reject(new CodedError("no-password", "Broken off; nothing was written."));
          return;
        }
        if (ENTER.test(key)) {
          finish();
          resolve(typed);
          return;
        }
        typed = BACKSPACE.test(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    input.on("data", read);
  });
}
