/** What the methods that change groups and peers answer: a code and a sentence, both known to consoles and SDKs. */

/** Result of one operation. */
export interface Answer {
  /** `0x0` for done; the others are in {@link CODES}. */
  readonly code: string;
  readonly message: string;
}

/** Codes of answers. */
export const CODES = {
  done: "0x0",
  failed: "0x1",
  groupExists: "0x2",
  groupRunning: "0x3",
  groupStopped: "0x4",
  groupDeleted: "0x5",
  groupMissing: "0x6",
  invalidParams: "0x7",
  peersNotConnected: "0x8",
  genesisExists: "0x9",
  settingsExist: "0xa",
  genesisMissing: "0xb",
  settingsMissing: "0xc",
  groupStopping: "0xd",
  groupNotDeleted: "0xe",
} as const;

/** An answer by the name of its code. */
export function answer(code: keyof typeof CODES, message: string): Answer {
  return { code: CODES[code], message };
}

/** The answer to a failure of the world outside: a disk, a file that an operator wrote. */
export function failure(error: unknown): Answer {
  return answer("failed", error instanceof Error ? error.message : String(error));
}
