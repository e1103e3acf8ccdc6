/** What a command of the console is: a row of the table that running, help and completion are made from. */
import type { ArgumentKind } from "./arguments.js";
import type { Session } from "./session.js";

/** What a command did. */
export interface Outcome {
  /** What people are shown: each may be of several lines. */
  readonly text: readonly string[];
  /** The same for programs: goes through {@link jsonOf}. */
  readonly value: unknown;
}

/** A word behind the name of a command. */
export interface Argument {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** One line for the help; by default what the kind says of itself. */
  readonly about?: string;
  /** It may be left out, and all behind it too. */
  readonly optional?: boolean;
  /** Any number of words, at least one unless it is optional; only the last argument. */
  readonly repeated?: boolean;
}

/** Which page of the list a command stands on. */
export type Family =
  | "console"
  | "chain"
  | "blocks and transactions"
  | "accounts"
  | "contracts"
  | "names of contracts (CNS)"
  | "tables (SQL)"
  | "consensus and configuration"
  | "permissions"
  | "governance"
  | "life cycle of contracts"
  | "gas"
  | "groups"
  | "peers";

/** A command. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly family: Family;
  /** One line for the list of commands. */
  readonly about: string;
  /** Further lines for its own help. */
  readonly details?: readonly string[];
  readonly arguments: readonly Argument[];
  /** Lines that can be typed. */
  readonly examples: readonly string[];
  /** It works without a chain. */
  readonly offline?: true;
  /** Its one argument is everything behind its name, blanks and quotes included; it is handed the whole statement. */
  readonly statement?: true;
  /** Runs it. The words are checked by their kinds before. @throws CodedError that says what to do */
  run(session: Session, words: readonly string[]): Promise<Outcome>;
}

/** How few and how many words a command takes. */
export function arityOf(command: Command): { readonly min: number; readonly max: number } {
  return {
    min: command.arguments.filter(({ optional }) => optional !== true).length,
    max: command.arguments.some(({ repeated }) => repeated === true) ? Infinity : command.arguments.length,
  };
}

/** The argument that a word at this position is of. */
export function argumentAt(command: Command, index: number): Argument | undefined {
  const last = command.arguments.at(-1);
  return command.arguments[index] ?? (last?.repeated === true ? last : undefined);
}
