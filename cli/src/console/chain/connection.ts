/** Which chain a console is for, and how it is reached. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { connect, ConnectionError, type Client, type CryptoSuite, type LocalAccount } from "@tsbcos/sdk";
import { ancestorsOf, WHERE_CHAINS_ARE_LOOKED_FOR } from "../../folders/index.js";
import { homeIn, type Home } from "../home.js";
import type { Session } from "../session.js";
import { chainIn, chainNear, type Way } from "./found-chain.js";
import { javaSettingsIn, readJavaSettings, type JavaSettings } from "./java-settings.js";

/** What somebody says of the chain; everything may be left out. */
export interface ChainOptions {
  /** `host:port` of channel ports. */
  readonly nodes?: readonly string[] | undefined;
  /** Folder with the certificates for them. */
  readonly tls?: string | undefined;
  /** URLs of JSON-RPC ports. */
  readonly rpc?: readonly string[] | undefined;
  /** A folder with a chain. */
  readonly chain?: string | undefined;
  /** Settings of the Java SDK. */
  readonly config?: string | undefined;
  /** The folder of the console. */
  readonly home?: string | undefined;
}

/** Where a chain is. */
export interface Destination {
  readonly home: Home;
  /** Tried in this order. */
  readonly ways: readonly Way[];
  /** How it was found, for people. */
  readonly from: string;
  /** Names the account to sign with. */
  readonly settings: JavaSettings | undefined;
}

/** Who shall sign, as the command line says. */
export interface AccountOptions {
  readonly pem?: string | undefined;
  readonly p12?: string | undefined;
}

/** Finds out which chain is meant. @throws CodedError that says how to name one */
export function destinationOf(options: ChainOptions, cwd: string): Destination {
  const own = options.home === undefined ? undefined : homeIn(resolve(cwd, options.home));
  if (options.rpc !== undefined) {
    const wrong = options.rpc.find((url) => !/^https?:\/\/./.test(url));
    if (wrong !== undefined) {
      throw new CodedError("usage", `--rpc takes URLs of JSON-RPC ports, such as http://127.0.0.1:8545, not "${wrong}".`);
    }
    const home = own ?? homeFor(options.rpc, cwd);
    return { home, ways: [{ nodes: options.rpc, tls: undefined }], from: "--rpc", settings: undefined };
  }
  if (options.nodes !== undefined) {
    if (options.tls === undefined) {
      throw new CodedError("usage", "--nodes names channel ports, which ask for certificates: name their folder with --tls.");
    }
    const way = { nodes: options.nodes, tls: resolve(cwd, options.tls) };
    return { home: own ?? homeFor(options.nodes, cwd), ways: [way], from: "--nodes", settings: undefined };
  }
  if (options.chain !== undefined) return ofChain(chainIn(resolve(cwd, options.chain)), own);
  if (options.config !== undefined) return ofSettings(readJavaSettings(resolve(cwd, options.config)), own, options.tls);
  // The nearest is meant, whatever it is.
  for (const folder of ancestorsOf(cwd)) {
    const settings = javaSettingsIn(folder);
    if (settings !== undefined) return ofSettings(settings, own, options.tls);
    const chain = chainNear(folder);
    if (chain !== undefined) return ofChain(chain, own);
  }
  throw new CodedError(
    "no-chain",
    `${WHERE_CHAINS_ARE_LOOKED_FOR}, and no config.toml of the Java console either.\n` +
      "Make and run one with `npm start` or `tsbcos start`, name its folder with --chain, or name nodes:\n" +
      "  tsbcos console --nodes 127.0.0.1:20200 --tls FOLDER   channel ports, and the folder with ca.crt, sdk.crt, sdk.key\n" +
      "  tsbcos console --rpc http://127.0.0.1:8545            a JSON-RPC port",
  );
}

/** Which kind of certificates the nodes want, they know and their settings do not: both are tried where both are there. */
function ofSettings(settings: JavaSettings, own: Home | undefined, tls: string | undefined): Destination {
  const { certificates, peers, home, accountFolder, file } = settings;
  const sm = join(certificates, "gm");
  const folders = tls !== undefined ? [resolve(tls)] : existsSync(sm) ? [certificates, sm] : [certificates];
  return {
    home: own ?? homeIn(home, accountFolder),
    ways: folders.map((folder) => ({ nodes: peers, tls: folder })),
    from: file,
    settings,
  };
}

/** Where somebody stands, if it is the folder of a console; else one in the home folder, for these nodes alone. */
function homeFor([first = ""]: readonly string[], cwd: string): Home {
  if (["contracts", "account", "deploylog.txt"].some((name) => existsSync(join(cwd, name)))) return homeIn(resolve(cwd));
  const name = first.replace(/^https?:\/\//, "").replace(/[^\w.-]+/g, "-");
  return homeIn(join(homedir(), ".tsbcos", "console", name));
}

function ofChain(chain: { readonly root: string; readonly ways: readonly Way[] }, own: Home | undefined): Destination {
  return { home: own ?? homeIn(join(chain.root, "console")), ways: chain.ways, from: chain.root, settings: undefined };
}

/** Connects by the first way that leads there. @throws CodedError with what was wrong with each */
export async function connectTo(
  destination: Destination,
  options: { readonly groupId: number; readonly account: AccountOptions },
  session: Session,
): Promise<Client> {
  const client = await firstOf(destination, options.groupId, session);
  try {
    await demandGroup(client, options.groupId);
    return client.as(await chooseAccount(destination, options.account, session, client.chain.suite));
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function firstOf({ ways, from }: Destination, groupId: number, session: Session): Promise<Client> {
  const problems: string[] = [];
  for (const { nodes, tls } of ways) {
    try {
      const client = await connect({ nodes, groupId, ...(tls === undefined ? {} : { tls }) });
      session.cryptography = tls === undefined ? undefined : existsSync(join(tls, "gmca.crt")) ? "SM" : "ECDSA";
      const [problem] = problems;
      if (problem !== undefined && tls === undefined) session.notes.push(`Connected over JSON-RPC, because the channel does not work: ${problem}`);
      return client;
    } catch (error) {
      // Certificates that cannot be used are not mended by starting nodes.
      if (!(error instanceof CodedError) || (ways.length === 1 && !(error instanceof ConnectionError))) throw error;
      problems.push(error.message);
    }
  }
  const where = from.startsWith("--")
    ? `The nodes are those of ${from}. If they are not running, start them.`
    : `The chain is the one of ${from}. If it is not running, start it (npm start, or start_all.sh in its folder).`;
  throw new ConnectionError(`${problems[0] ?? ""}\n${where}`);
}

/** The node that answers first may not run the group, while another does. */
async function demandGroup(client: Client, groupId: number): Promise<void> {
  const known = await groupsOf(client);
  if (known.includes(groupId)) return;
  throw new CodedError("no-such-group", `The nodes run group ${known.join(", ")}, and not ${groupId}.`);
}

/** The groups that any of the nodes runs, ascending. */
export async function groupsOf(client: Client): Promise<readonly number[]> {
  const first = await client.rpc.getGroupList();
  const lists = await Promise.all(
    client.chain.transport.endpoints.map((one) =>
      client.rpc
        .at(one)
        .getGroupList()
        .catch(() => []),
    ),
  );
  return [...new Set([first, ...lists].flat())].sort((a, b) => a - b);
}

/** The account of the command line, of the settings, or the one loaded last; a new one where there is none. */
async function chooseAccount(
  { settings }: Destination,
  { pem, p12 }: AccountOptions,
  session: Session,
  suite: CryptoSuite,
): Promise<LocalAccount> {
  const folder = session.accountsFor(suite);
  const commanded = pem ?? p12;
  const named = commanded ?? settings?.account;
  const file = named === undefined ? folder.remembered() : folder.find(named);
  if (file !== undefined) {
    const known = commanded === undefined ? settings?.password : undefined;
    return folder.read(file, () =>
      known === undefined ? session.person.askPassword({ repeat: false }) : Promise.resolve(known),
    );
  }
  const made = await folder.create({ format: "pem" });
  folder.remember(made.file);
  session.notes.push(`There was no account, so that a new one was made: ${made.file}`);
  return made.account;
}
