/** A session on a chain that was found, connected when the first command needs it. */
import { connectTo, type AccountOptions, type Destination } from "./chain/connection.js";
import { COMMANDS } from "./commands/index.js";
import { prepareHome } from "./home.js";
import { Session, type Person } from "./session.js";

/** Who uses it, and where. */
export interface OpenOptions {
  readonly person: Person;
  readonly groupId: number;
  readonly account?: AccountOptions;
  /** A Solidity compiler in place of those that come along. */
  readonly solc?: string | undefined;
}

/** Opens a session; nothing is connected and no file is made yet. */
export function openSession(destination: Destination, options: OpenOptions): Session {
  const { person, groupId, account = {}, solc } = options;
  return new Session({
    home: destination.home,
    person,
    commandNames: COMMANDS.commands.map(({ name }) => name),
    solc,
    connect: (session) => {
      prepareHome(destination.home);
      return connectTo(destination, { groupId, account }, session);
    },
  });
}
