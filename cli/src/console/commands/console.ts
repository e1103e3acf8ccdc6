/** The console itself: help, groups changed, good-bye. */
import { CodedError } from "@tsbcos/core/primitives";
import { textAnswer } from "../answers.js";
import { groupsOf } from "../chain/connection.js";
import type { Command } from "../command.js";
import { familyOf, helpOf, overview, usageOf } from "../help.js";
import type { CommandTable } from "../runner.js";

const family = "console";

/** Ends the console: what runs it looks for this. */
export class Leave extends CodedError {
  /** Code of the failure that a command ends with then. */
  static readonly CODE = "leave";

  constructor() {
    super(Leave.CODE, "Good-bye.");
  }
}

/** @param table asked for when help is wanted, so that the table can hold the command itself */
function help(table: () => CommandTable): Command {
  return {
    name: "help",
    aliases: ["h", "-h", "-help", "--h", "--H", "--help", "-H"],
    family,
    about: "List the commands, or explain one",
    arguments: [{ name: "command", kind: "command", optional: true }],
    details: ["A heading of the list, or its first word, lists the commands below it."],
    examples: ["help", "help deploy", "help governance"],
    offline: true,
    run: (_session, [name]) => {
      const members = name === undefined || table().find(name) !== undefined ? [] : familyOf(name, table().commands);
      if (name !== undefined && members.length === 0) {
        const command = table().demand(name);
        return Promise.resolve(
          textAnswer({ name: command.name, usage: usageOf(command), about: command.about }, helpOf(command)),
        );
      }
      const commands = name === undefined ? table().commands : members;
      const value = commands.map((command) => ({ name: command.name, usage: usageOf(command), about: command.about }));
      return Promise.resolve(textAnswer(value, overview(commands)));
    },
  };
}

const SWITCH: Command = {
  name: "switch",
  aliases: ["s"],
  family,
  about: "Go to another group",
  arguments: [{ name: "groupId", kind: "group" }],
  examples: ["switch 2"],
  run: async (session, [wanted = ""]) => {
    const known = await groupsOf(session.client);
    if (!known.includes(Number(wanted))) {
      throw new CodedError(
        "no-such-group",
        `Switch to group ${wanted} failed! The connected nodes run group ${known.join(", ")}.`,
      );
    }
    session.useGroup(Number(wanted));
    return textAnswer({ group: Number(wanted) }, `Switched to group ${wanted}.`);
  },
};

const QUIT: Command = {
  name: "quit",
  aliases: ["q", "exit"],
  family,
  about: "Leave the console",
  arguments: [],
  examples: ["quit"],
  offline: true,
  run: () => Promise.reject(new Leave()),
};

/** Commands on the console. */
export function consoleCommands(table: () => CommandTable): readonly Command[] {
  return [help(table), SWITCH, QUIT];
}
