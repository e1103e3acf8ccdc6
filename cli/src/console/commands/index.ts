/** Every command of the console. */
import { CommandTable } from "../runner.js";
import { ACCOUNT_COMMANDS } from "./accounts.js";
import { BLOCK_COMMANDS } from "./blocks.js";
import { CHAIN_COMMANDS } from "./chain.js";
import { CNS_COMMANDS } from "./cns.js";
import { CONSENSUS_COMMANDS } from "./consensus.js";
import { consoleCommands } from "./console.js";
import { CONTRACT_COMMANDS } from "./contracts.js";
import { GAS_COMMANDS } from "./gas.js";
import { GOVERNANCE_COMMANDS } from "./governance.js";
import { GROUP_COMMANDS } from "./groups.js";
import { LIFE_CYCLE_COMMANDS } from "./life-cycle.js";
import { PEER_COMMANDS } from "./peers.js";
import { PERMISSION_COMMANDS } from "./permissions.js";
import { SQL_COMMANDS } from "./sql.js";

/** The table that the console runs, explains and completes. */
export const COMMANDS: CommandTable = new CommandTable([
  ...consoleCommands(() => COMMANDS),
  ...CHAIN_COMMANDS,
  ...BLOCK_COMMANDS,
  ...ACCOUNT_COMMANDS,
  ...CONTRACT_COMMANDS,
  ...CNS_COMMANDS,
  ...SQL_COMMANDS,
  ...CONSENSUS_COMMANDS,
  ...PERMISSION_COMMANDS,
  ...GOVERNANCE_COMMANDS,
  ...LIFE_CYCLE_COMMANDS,
  ...GAS_COMMANDS,
  ...GROUP_COMMANDS,
  ...PEER_COMMANDS,
]);
