/** The files of a group: its state, its genesis, its settings. Each is written whole or not at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { GroupState } from "./group-states.js";

/** Where the files of one group are. */
export interface GroupPaths {
  /** Folder of everything that the group stores. */
  readonly dataDirectory: string;
  readonly genesisFile: string;
  readonly settingsFile: string;
}

const STATES: readonly string[] = ["RUNNING", "STOPPING", "STOPPED", "DELETED"] satisfies readonly GroupState[];

function stateFile({ dataDirectory }: GroupPaths): string {
  return join(dataDirectory, ".group_status");
}

/** The state that the files tell. Never throws: what cannot be read is UNKNOWN. */
export function readGroupState(paths: GroupPaths): GroupState {
  const file = stateFile(paths);
  if (!existsSync(paths.genesisFile) || !existsSync(file)) return "INEXISTENT";
  try {
    const word = readFileSync(file, "utf8").trim().split(/\s/, 1)[0] ?? "";
    return STATES.includes(word) ? (word as GroupState) : "UNKNOWN";
  } catch {
    return "UNKNOWN";
  }
}

/**
 * Writes the state.
 *
 * @throws Error of the file system
 */
export function writeGroupState(paths: GroupPaths, state: Exclude<GroupState, "INEXISTENT" | "UNKNOWN">): void {
  mkdirSync(paths.dataDirectory, { recursive: true });
  replaceFile(stateFile(paths), state);
}

/**
 * Writes the files of a new, stopped group. The genesis file comes last: without it the group does not exist, so that a
 * crash in between leaves nothing that would start by itself.
 *
 * @throws Error of the file system; nothing of the group is left then
 */
export function createGroupFiles(
  paths: GroupPaths,
  texts: { readonly genesis: string; readonly settings: string },
): void {
  try {
    mkdirSync(dirname(paths.genesisFile), { recursive: true });
    writeGroupState(paths, "STOPPED");
    replaceFile(paths.settingsFile, texts.settings);
    replaceFile(paths.genesisFile, texts.genesis);
  } catch (error) {
    for (const file of [paths.genesisFile, paths.settingsFile]) rmSync(file, { force: true });
    throw error;
  }
}

/** A crash leaves the old or the new file, never half of one. */
function replaceFile(file: string, text: string): void {
  const temporary = `${file}.tmp`;
  try {
    const descriptor = openSync(temporary, "w");
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
