/** What lasts from one command to the next: the connection, who acts in which group, and the folder of the console. */
import { CodedError } from "@tsbcos/core/primitives";
import { standardSuite, type Client, type CryptoSuite, type LocalAccount } from "@tsbcos/sdk";
import { AccountFolder } from "./accounts.js";
import { Catalogue } from "./contracts/catalogue.js";
import { Deployments } from "./contracts/deployments.js";
import type { Home } from "./home.js";

/** How a session reaches a person, if there is one. */
export interface Person {
  /** Asks without showing what is typed. @throws CodedError `no-password` where nobody can be asked */
  askPassword(options: { readonly repeat: boolean }): Promise<string>;
}

/** What a session is made of. */
export interface SessionOptions {
  readonly home: Home;
  readonly person: Person;
  readonly commandNames: readonly string[];
  /** Connects, with the account that shall act. */
  connect(session: Session): Promise<Client>;
  readonly solc?: string | undefined;
}

/** How long nodes are asked for what completion wants to know. */
const QUICK_MS = 1_500;

/** One console. */
export class Session {
  readonly home: Home;
  readonly person: Person;
  readonly commandNames: readonly string[];
  readonly contracts: Catalogue;
  readonly deployments: Deployments;
  readonly #options: SessionOptions;
  #connecting: Promise<Client> | undefined;
  #client: Client | undefined;
  /** What the connection is encrypted with; undefined over HTTP. */
  cryptography: "ECDSA" | "SM" | undefined;
  /** What a person should know of how the connection came about. */
  readonly notes: string[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.home = options.home;
    this.person = options.person;
    this.commandNames = options.commandNames;
    this.deployments = new Deployments(options.home);
    this.contracts = new Catalogue(options.home, () => ({
      hash: this.client.chain.suite.name,
      supportedVersion: this.client.chain.supportedVersion,
      solc: options.solc,
    }));
  }

  /** Connects unless it is connected. @throws ConnectionError with the reasons */
  async connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    this.#connecting ??= this.#options.connect(this);
    try {
      this.#client = await this.#connecting;
      return this.#client;
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
  }

  /** The group and account that act. @throws CodedError `not-connected` */
  get client(): Client {
    if (this.#client !== undefined) return this.#client;
    throw new CodedError("not-connected", "There is no connection to a chain.");
  }

  /** The group that commands are about. */
  get groupId(): number {
    return this.#client?.groupId ?? 1;
  }

  /** Account files for this kind of chain. */
  get accounts(): AccountFolder {
    return this.accountsFor(this.#client?.chain.suite ?? standardSuite);
  }

  /** Account files for one kind of chain. */
  accountsFor(suite: CryptoSuite): AccountFolder {
    return new AccountFolder(this.home.accountFolder, suite);
  }

  /** From now on commands are about this group. */
  useGroup(groupId: number): void {
    this.#client = this.client.inGroup(groupId);
  }

  /** From now on this account signs. */
  useAccount(account: LocalAccount): void {
    this.#client = this.client.as(account);
  }

  /** The nodes, as commands name them: `host:port`. */
  endpoints(): readonly string[] {
    return this.client.chain.transport.endpoints.map(bare);
  }

  /** The node that a person named, as the connection names it. @throws CodedError `no-such-endpoint` */
  endpoint(named: string): string {
    const { endpoints } = this.client.chain.transport;
    const endpoint = endpoints.find((one) => one === named || bare(one) === bare(named));
    if (endpoint !== undefined) return endpoint;
    throw new CodedError(
      "no-such-endpoint",
      `There is no connection to ${named}. Connected are ${this.endpoints().join(", ")}; others are named with --nodes when the console starts.`,
    );
  }

  /** Numbers of the groups of a node, for completion. */
  async groups(): Promise<readonly string[]> {
    const groups = await this.client.rpc.request("getGroupList", [], { timeoutMs: QUICK_MS });
    return (groups as readonly number[]).map(String);
  }

  /** Ids of all nodes that one node knows of, for completion. */
  async nodeIds(): Promise<readonly string[]> {
    return (await this.client.rpc.request("getNodeIDList", [this.groupId], {
      timeoutMs: QUICK_MS,
    })) as readonly string[];
  }

  /** Ends the connection and the compiler. */
  async close(): Promise<void> {
    await this.#client?.close();
    await this.contracts.close();
  }
}

const bare = (endpoint: string): string => endpoint.replace(/^https?:\/\//, "").replace(/\/$/, "");
