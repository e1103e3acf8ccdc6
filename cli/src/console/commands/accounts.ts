/** Who signs, and the account files. */
import { isAbsolute, relative } from "node:path";
import { textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import type { Session } from "../session.js";
import { UsageError } from "../failures.js";

const family = "accounts";
const NOTE =
  "Note: This operation does not create an account in the blockchain, but only creates a local account, and deploying a contract through this account will create an account in the blockchain";

/** As people would write it from where they are. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

function typeOf(session: Session): "ecdsa" | "sm" {
  return session.client.chain.suite.name === "sm" ? "sm" : "ecdsa";
}

async function create(session: Session, format = "pem", given?: string): Promise<Outcome> {
  if (format === "pem" && given !== undefined) {
    throw new UsageError("A PEM file has no password; newAccount p12 makes a file that has one.");
  }
  const password = format === "p12" ? (given ?? (await session.person.askPassword({ repeat: true }))) : "";
  const { account, file } = await session.accounts.create(
    format === "p12" ? { format: "p12", password } : { format: "pem" },
  );
  const type = typeOf(session);
  return textAnswer(
    { address: account.address, path: file, type },
    `AccountPath: ${shortPath(file)}`,
    NOTE,
    `newAccount: ${account.address}`,
    `AccountType: ${type}`,
  );
}

async function load(session: Session, pathOrAddress: string): Promise<Outcome> {
  const file = session.accounts.find(pathOrAddress);
  const account = await session.accounts.read(file, () => session.person.askPassword({ repeat: false }));
  session.useAccount(account);
  session.accounts.remember(file);
  return textAnswer({ address: account.address, path: file }, `Load account ${pathOrAddress} success!`);
}

function list(session: Session): Outcome {
  const current = session.client.account.address;
  const files = session.accounts.list();
  const others = files.filter(({ address }) => address !== current);
  const own = files.find(({ address }) => address === current);
  const first = `${own?.name ?? current}(current account) <=`;
  return textAnswer(
    { current, accounts: files.map(({ address }) => address) },
    first,
    ...others.map(({ name }) => name),
  );
}

/** Commands on accounts. */
export const ACCOUNT_COMMANDS: readonly Command[] = [
  {
    name: "getCurrentAccount",
    family,
    about: "Show the account that signs",
    arguments: [],
    examples: ["getCurrentAccount"],
    run: ({ client }) => Promise.resolve(textAnswer(client.account.address, client.account.address)),
  },
  {
    name: "listAccount",
    family,
    about: "Show the account files, the current account first",
    arguments: [],
    examples: ["listAccount"],
    run: (session) => Promise.resolve(list(session)),
  },
  {
    name: "newAccount",
    family,
    about: "Make an account file; loadAccount then signs with it",
    arguments: [
      { name: "accountFormat", kind: "account-format", optional: true, about: "pem (by default) or p12" },
      { name: "password", kind: "password", optional: true },
    ],
    examples: ["newAccount", "newAccount p12"],
    run: (session, [format, password]) => create(session, format, password),
  },
  {
    name: "loadAccount",
    family,
    about: "Sign with another account from now on, and after the next start too",
    arguments: [
      { name: "accountPath", kind: "account-file" },
      {
        name: "accountFormat",
        kind: "account-format",
        optional: true,
        about: "pem or p12; the file itself says which, so that this is not needed",
      },
    ],
    examples: ["loadAccount 0x0102030405060708090a0b0c0d0e0f1011121314"],
    run: (session, [path = ""]) => load(session, path),
  },
];
