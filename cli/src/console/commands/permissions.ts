/** Who may write which tables and contracts. */
import { SYSTEM_TABLES, type Permission } from "@tsbcos/sdk";
import { codeAnswer, EMPTY_SET, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { rightsTable } from "../print.js";

const family = "permissions";
const account = { name: "accountAddress", kind: "account" } as const;
const table = { name: "tableName", kind: "table" } as const;
const contract = { name: "contractAddress", kind: "contract-address" } as const;
const EXAMPLE = "0x0102030405060708090a0b0c0d0e0f1011121314";

/** Rights as a table. */
export function rightsAnswer(rights: readonly Permission[]): Outcome {
  if (rights.length === 0) return textAnswer([], EMPTY_SET);
  const rows = rights.map(({ address, enable_num: enabled }) => [address, enabled]);
  return textAnswer(rights, rightsTable(["address", "enable_num"], rows));
}

/** The three commands on one of the chain's own tables. */
function manager(role: string, tableName: string, may: string): readonly Command[] {
  return [
    {
      name: `grant${role}`,
      family,
      about: `Let an account ${may}, and no longer everybody`,
      arguments: [account],
      examples: [`grant${role} ${EXAMPLE}`],
      run: async ({ client }, [who = ""]) => codeAnswer(await client.permissions.grant(tableName, who)),
    },
    {
      name: `revoke${role}`,
      family,
      about: `No longer let an account ${may}`,
      arguments: [account],
      examples: [`revoke${role} ${EXAMPLE}`],
      run: async ({ client }, [who = ""]) => codeAnswer(await client.permissions.revoke(tableName, who)),
    },
    {
      name: `list${role}`,
      family,
      about: `Show who may ${may}; empty means everybody`,
      arguments: [],
      examples: [`list${role}`],
      run: async ({ client }) => rightsAnswer(await client.permissions.list(tableName)),
    },
  ];
}

/** Commands on rights. */
export const PERMISSION_COMMANDS: readonly Command[] = [
  {
    name: "grantUserTableManager",
    family,
    about: "Let an account write a table, and no longer everybody",
    arguments: [table, account],
    examples: [`grantUserTableManager t_demo ${EXAMPLE}`],
    run: async ({ client }, [name = "", who = ""]) => codeAnswer(await client.permissions.grant(name, who)),
  },
  {
    name: "revokeUserTableManager",
    family,
    about: "No longer let an account write a table",
    arguments: [table, account],
    examples: [`revokeUserTableManager t_demo ${EXAMPLE}`],
    run: async ({ client }, [name = "", who = ""]) => codeAnswer(await client.permissions.revoke(name, who)),
  },
  {
    name: "listUserTableManager",
    family,
    about: "Show who may write a table; empty means everybody",
    arguments: [table],
    examples: ["listUserTableManager t_demo"],
    run: async ({ client }, [name = ""]) => rightsAnswer(await client.permissions.list(name)),
  },
  ...manager("DeployAndCreateManager", SYSTEM_TABLES.deployAndCreate, "deploy contracts and create tables"),
  ...manager("NodeManager", SYSTEM_TABLES.nodes, "add and remove sealers and observers"),
  ...manager("CNSManager", SYSTEM_TABLES.cns, "name contracts"),
  ...manager("SysConfigManager", SYSTEM_TABLES.config, "set the system configuration"),
  {
    name: "grantContractWritePermission",
    family,
    about: "Let an account call writing functions of a contract, and no longer everybody",
    arguments: [contract, account],
    examples: [`grantContractWritePermission ${EXAMPLE} ${EXAMPLE}`],
    run: async ({ client }, [address = "", who = ""]) => codeAnswer(await client.permissions.grantWrite(address, who)),
  },
  {
    name: "revokeContractWritePermission",
    family,
    about: "No longer let an account call writing functions of a contract",
    arguments: [contract, account],
    examples: [`revokeContractWritePermission ${EXAMPLE} ${EXAMPLE}`],
    run: async ({ client }, [address = "", who = ""]) => codeAnswer(await client.permissions.revokeWrite(address, who)),
  },
  {
    name: "listContractWritePermission",
    family,
    about: "Show who may call writing functions of a contract; empty means everybody",
    arguments: [contract],
    examples: [`listContractWritePermission ${EXAMPLE}`],
    run: async ({ client }, [address = ""]) => rightsAnswer(await client.permissions.listWriters(address)),
  },
];
