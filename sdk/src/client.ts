/** A group of a chain as a program sees it: one account that deploys, calls, sends and waits. */
import { standardSuite, smSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToBigInt, CodedError, EMPTY_BYTES, type Address } from "@tsbcos/core/primitives";
import { encodeTransaction, signingDigest, type UnsignedTransaction } from "@tsbcos/core/protocol";
import type {
  Abi,
  ContractEventName,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
} from "viem";
import { createAccount, type Account } from "./accounts/account.js";
import type { Amop } from "./amop/amop.js";
import { demandSameSuite, readChain, type Chain } from "./chain.js";
import {
  decodeLog,
  decodeResult,
  encodeCall,
  encodeDeployment,
  functionOf,
  type DecodedEvent,
} from "./contracts/abi.js";
import type {
  Any,
  ContractCall,
  Deployed,
  Deployment,
  SelectorOptions,
  StateOptions,
  Writing,
  Written,
} from "./contracts/calls.js";
import { revertReason } from "./contracts/failure.js";
import { receiptOf, type Receipt } from "./contracts/receipt.js";
import { statusOfRefusal } from "./contracts/status.js";
import { ReceiptTimeoutError, RpcError, TransactionFailedError, TransactionRefusedError } from "./errors.js";
import { logQueryOf, type ChainEvent, type EventQuery } from "./events/query.js";
import { subscribe, type LogQuery, type Subscription } from "./events/subscription.js";
import { digitsOf, parseAddress, toHex, type Hex } from "./hex.js";
import { CnsService } from "./precompiled/cns.js";
import { ConfigService } from "./precompiled/config.js";
import { ConsensusService } from "./precompiled/consensus.js";
import { GasService } from "./precompiled/gas.js";
import { GovernanceService } from "./precompiled/governance.js";
import { KeyValueService } from "./precompiled/key-values.js";
import { LifeCycleService } from "./precompiled/life-cycle.js";
import { PermissionService } from "./precompiled/permissions.js";
import { TableService } from "./precompiled/tables.js";
import { proveTransaction, type ProvenTransaction } from "./proofs/prove.js";
import { Rpc } from "./rpc/rpc.js";
import type { ChainLog, Transport } from "./rpc/transport.js";
import type { RpcReceipt } from "./rpc/types.js";

/** A transaction before it is signed. */
export interface Draft {
  /** The contract or account called; nothing creates a contract. */
  readonly to?: string | undefined;
  readonly data: Uint8Array;
  /** Anything; signed along. */
  readonly extraData?: Uint8Array;
}

/** A signed transaction. */
export interface Signed {
  readonly hash: Hex;
  readonly raw: Uint8Array;
}

/** Who acts where. */
export interface ClientOptions {
  /** Group to use; 1 by default. */
  readonly groupId?: number;
  /** Who signs; a new random account of the chain's kind by default. */
  readonly account?: Account;
  /** How long a transaction's receipt is waited for; 30 seconds by default. */
  readonly receiptTimeoutMs?: number;
}

/** How many blocks ahead the last block of a transaction lies; the chain allows 1000. */
const BLOCK_LIMIT_AHEAD = 500;
const RECEIPT_TIMEOUT_MS = 30_000;
const RECEIPT_POLL_FIRST_MS = 50;
const RECEIPT_POLL_MAX_MS = 1_000;
/** Fields that chains of this kind carry and never charge, as other SDKs fill them. */
const GAS_PRICE = 22_000_000_000n;
const GAS = 300_000_000n;

/** One account on one group of a chain. */
export class Client {
  readonly chain: Chain;
  readonly groupId: number;
  readonly account: Account;
  /** Every JSON-RPC method of the group. */
  readonly rpc: Rpc;
  readonly #receiptTimeoutMs: number;

  /** Clients are made by {@link connectOver} and by clients. */
  constructor(chain: Chain, options: ClientOptions = {}) {
    this.chain = chain;
    this.groupId = options.groupId ?? 1;
    this.account = options.account ?? createAccount(chain.suite);
    this.rpc = new Rpc(chain.transport, { groupId: this.groupId });
    this.#receiptTimeoutMs = options.receiptTimeoutMs ?? RECEIPT_TIMEOUT_MS;
    demandSameSuite(chain, this.account);
  }

  /** The same connection and group with another account. */
  as(account: Account): Client {
    return new Client(this.chain, { groupId: this.groupId, account, receiptTimeoutMs: this.#receiptTimeoutMs });
  }

  /** The same connection and account in another group. */
  inGroup(groupId: number): Client {
    return new Client(this.chain, { groupId, account: this.account, receiptTimeoutMs: this.#receiptTimeoutMs });
  }

  /** Ends the connection, for all clients that share it. */
  close(): Promise<void> {
    return this.chain.transport.close();
  }

  /** Height of the latest block. */
  blockNumber(): Promise<number> {
    return this.rpc.getBlockNumber();
  }

  /** Calls `listener` with each new height. Gives a function that ends it. */
  watchBlocks(listener: (height: number) => void): () => void {
    return this.chain.transport.watchBlocks(this.groupId, listener);
  }

  /** A signed transaction, ready to be sent: its nonce is drawn at random, its last block is 500 ahead. */
  async sign(draft: Draft): Promise<Signed> {
    const { suite, chainId, heads } = this.chain;
    const height = await heads.height(this.groupId);
    const unsigned: UnsignedTransaction = {
      nonce: bytesToBigInt(globalThis.crypto.getRandomValues(new Uint8Array(31))),
      gasPrice: GAS_PRICE,
      gas: GAS,
      blockLimit: BigInt(height + BLOCK_LIMIT_AHEAD),
      to: draft.to === undefined ? undefined : (digitsOf(parseAddress(draft.to)) as Address),
      value: 0n,
      data: draft.data,
      chainId,
      groupId: BigInt(this.groupId),
      extraData: draft.extraData ?? EMPTY_BYTES,
    };
    const raw = encodeTransaction(unsigned, await this.account.sign(signingDigest(unsigned, suite)));
    return { hash: toHex(suite.hash(raw)), raw };
  }

  /**
   * Hands a signed transaction to a node; comes back once the node has accepted it.
   *
   * @throws TransactionRefusedError when it does not
   */
  async send(transaction: Signed): Promise<void> {
    const { hash, raw } = transaction;
    await this.#refusalsOf(hash, () => this.rpc.sendRawTransaction(raw));
  }

  /** Runs what sends a transaction, and tells refusals from other errors. */
  async #refusalsOf<T>(hash: Hex, send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await send();
    } catch (cause) {
      const status = cause instanceof RpcError ? statusOfRefusal(cause.rpcMessage) : undefined;
      if (status === undefined) throw cause;
      await this.#demandKnown(status, hash, cause);
      return undefined;
    }
  }

  /** A node that fell silent may have passed the transaction on before: to be known already is what was wanted. */
  async #demandKnown(status: number, hash: Hex, cause?: unknown): Promise<void> {
    const isKnown =
      status === 10000 || status === 10001 || (status === 15 && (await this.rpc.getTransactionByHash(hash)) !== null);
    if (!isKnown) throw new TransactionRefusedError(status, hash, { cause });
  }

  /**
   * Waits until a transaction that was sent is in a block.
   *
   * @throws ReceiptTimeoutError
   */
  async waitForReceipt(hash: string, timeoutMs = this.#receiptTimeoutMs): Promise<Receipt> {
    const deadline = Date.now() + timeoutMs;
    for (let pause = RECEIPT_POLL_FIRST_MS; ; pause = Math.min(2 * pause, RECEIPT_POLL_MAX_MS)) {
      const receipt = await this.rpc.getTransactionReceipt(hash);
      if (receipt !== null) return this.#noted(receipt);
      if (Date.now() + pause > deadline) throw new ReceiptTimeoutError(hash, timeoutMs);
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  /** The receipt of a transaction in a block; undefined when there is none of that hash. */
  async getReceipt(hash: string): Promise<Receipt | undefined> {
    const receipt = await this.rpc.getTransactionReceipt(hash);
    return receipt === null ? undefined : receiptOf(receipt);
  }

  #noted(raw: RpcReceipt): Receipt {
    const receipt = receiptOf(raw);
    this.chain.heads.note(this.groupId, receipt.blockNumber);
    return receipt;
  }

  /**
   * Signs, sends and waits. The receipt may tell of a failure.
   *
   * @throws TransactionRefusedError, ReceiptTimeoutError
   */
  async execute(draft: Draft): Promise<Receipt> {
    return this.submit(await this.sign(draft));
  }

  /** Sends a signed transaction and waits for its receipt, pushed by the node where the transport can. */
  async submit(transaction: Signed): Promise<Receipt> {
    const { pushes } = this.chain.transport;
    const { hash, raw } = transaction;
    if (pushes === undefined) {
      await this.send(transaction);
      return this.waitForReceipt(hash);
    }
    const receipt = await this.#refusalsOf(hash, () =>
      pushes.submit(raw, { groupId: this.groupId, hash, timeoutMs: this.#receiptTimeoutMs, withProof: false }),
    );
    if (receipt === undefined) return this.waitForReceipt(hash);
    // A refusal is pushed as a receipt of zeros: it is in no block.
    if (!/^0x0*$/.test(receipt.blockHash)) return this.#noted(receipt);
    await this.#demandKnown(Number(receipt.status), hash);
    return this.waitForReceipt(hash);
  }

  /**
   * Deploys a contract.
   *
   * @throws TransactionFailedError when the creation fails
   */
  async deploy<const abi extends Abi | readonly unknown[]>(contract: Deployment<abi>): Promise<Deployed> {
    const abi = contract.abi as Abi;
    const args = contract.args as readonly unknown[] | undefined;
    const receipt = await this.execute({ data: encodeDeployment({ abi, bytecode: contract.bytecode, args }) });
    demandSuccess(receipt, abi, receipt);
    return {
      address: receipt.contractAddress as Hex,
      receipt,
      events: this.#events(abi, receipt, contract.selectors),
    };
  }

  /**
   * Calls a function in a transaction, and gives what it returned and logged.
   *
   * @throws TransactionFailedError with the reason that the contract gave
   */
  async write<
    const abi extends Abi | readonly unknown[],
    name extends ContractFunctionName<abi, Writing>,
    const args extends ContractFunctionArgs<abi, Writing, name>,
  >(
    call: ContractCall<abi, Writing, name, args>,
  ): Promise<Written<ContractFunctionReturnType<abi, Writing, name, args>>> {
    const { abi, item, data } = this.#encode(call as never);
    const receipt = await this.execute({ to: call.address, data });
    demandSuccess(receipt, abi, receipt);
    return {
      result: decodeResult(item, receipt.output) as ContractFunctionReturnType<abi, Writing, name, args>,
      receipt,
      events: this.#events(abi, receipt, call.selectors),
    };
  }

  /**
   * Calls a function without a transaction and gives what it returns, now or after an earlier block.
   *
   * @throws TransactionFailedError with the reason that the contract gave
   * @throws RpcError when the node has not the state that is asked for
   */
  async read<
    const abi extends Abi | readonly unknown[],
    name extends ContractFunctionName<abi, Any>,
    const args extends ContractFunctionArgs<abi, Any, name>,
  >(
    call: ContractCall<abi, Any, name, args> & StateOptions,
  ): Promise<ContractFunctionReturnType<abi, Any, name, args>> {
    const { abi, item, data } = this.#encode(call as never);
    const output = await this.call(call.address, data, abi, call);
    return decodeResult(item, output) as ContractFunctionReturnType<abi, Any, name, args>;
  }

  /**
   * Calls with these bytes, without a transaction, and gives the output.
   *
   * @param abi for the names of errors
   * @throws TransactionFailedError, RpcError as {@link read}
   */
  async call(to: string, data: Uint8Array, abi: Abi = [], { blockNumber }: StateOptions = {}): Promise<Hex> {
    const request = { from: this.account.address, to: parseAddress(to), data: toHex(data) };
    const answer = await this.rpc.call(request, blockNumber);
    demandSuccess({ status: Number(answer.status), output: answer.output }, abi, undefined);
    return answer.output as Hex;
  }

  /**
   * A transaction and its receipt, checked against signatures of the sealers: the node need not be believed.
   *
   * @param sealers node ids of those who could seal the block, from somewhere that is trusted, such as the genesis file
   * @returns undefined when no block has it
   * @throws ProofError when the node is wrong, or lies
   */
  prove(hash: string, sealers: readonly string[]): Promise<ProvenTransaction | undefined> {
    return proveTransaction(this.rpc, hash, sealers, this.chain);
  }

  /**
   * Calls `listener` with each log that a filter wants, each once and in order, through all losses of connections.
   *
   * @throws CodedError `bad-filter`, `bad-hex`
   */
  watchLogs(filter: LogQuery, listener: (log: ChainLog) => void | Promise<void>): Promise<Subscription> {
    return subscribe(this, filter, listener);
  }

  /**
   * Calls `listener` with each event of a contract, each once and in order, through all losses of connections.
   *
   * @throws CodedError `no-such-event`, `bad-filter`, `bad-hex`
   */
  async watchEvents<
    const abi extends Abi | readonly unknown[],
    name extends ContractEventName<abi> = ContractEventName<abi>,
  >(
    query: EventQuery<abi, name> & SelectorOptions,
    listener: (event: ChainEvent<abi, name>) => void | Promise<void>,
  ): Promise<Subscription> {
    const suite = this.#selectors(query.selectors);
    const abi = query.abi as Abi;
    return subscribe(this, logQueryOf(query as never, suite), (log) => {
      const decoded = decodeLog(abi, log, suite);
      // Another contract's log with the same topic and other parameters.
      if (decoded === undefined) return undefined;
      return listener({ ...decoded, log } as ChainEvent<abi, name>);
    });
  }

  /**
   * Messages between clients of the chain.
   *
   * @throws CodedError `needs-channel` over HTTP
   */
  get amop(): Amop {
    const { pushes } = this.chain.transport;
    if (pushes !== undefined) return pushes.amop;
    throw new CodedError(
      "needs-channel",
      "AMOP needs the channel: connect to channel ports (host:port) with certificates.",
    );
  }

  /** Values agreed on the chain. */
  get config(): ConfigService {
    return new ConfigService(this);
  }

  /** Sealers and observers. */
  get consensus(): ConsensusService {
    return new ConsensusService(this);
  }

  /** Names for contracts. */
  get cns(): CnsService {
    return new CnsService(this);
  }

  /** Tables without a contract. */
  get tables(): TableService {
    return new TableService(this);
  }

  /** Tables with one row a key. */
  get keyValues(): KeyValueService {
    return new KeyValueService(this);
  }

  /** Who may write tables and contracts. */
  get permissions(): PermissionService {
    return new PermissionService(this);
  }

  /** The committee. */
  get governance(): GovernanceService {
    return new GovernanceService(this);
  }

  /** Contracts that can be frozen. */
  get lifeCycle(): LifeCycleService {
    return new LifeCycleService(this);
  }

  /** Gas of accounts. */
  get gas(): GasService {
    return new GasService(this);
  }

  #encode(call: {
    readonly abi: Abi;
    readonly functionName: string;
    readonly args?: readonly unknown[];
    readonly selectors?: CryptoSuite["name"];
  }): { readonly abi: Abi; readonly item: ReturnType<typeof functionOf>; readonly data: Uint8Array } {
    const item = functionOf(call.abi, call.functionName, call.args);
    return { abi: call.abi, item, data: encodeCall(call, this.#selectors(call.selectors)) };
  }

  #selectors(name: CryptoSuite["name"] | undefined): CryptoSuite {
    if (name === undefined) return this.chain.suite;
    return name === "sm" ? smSuite : standardSuite;
  }

  #events(abi: Abi, receipt: Receipt, selectors: CryptoSuite["name"] | undefined): DecodedEvent[] {
    const suite = this.#selectors(selectors);
    return receipt.logs.flatMap((log) => decodeLog(abi, log, suite) ?? []);
  }
}

function demandSuccess(
  answer: { readonly status: number; readonly output: string },
  abi: Abi,
  receipt: Receipt | undefined,
): void {
  if (answer.status === 0) return;
  throw new TransactionFailedError({ status: answer.status, reason: revertReason(answer.output, abi), receipt });
}

/**
 * Connects over a transport that was made before: asks which chain it leads to.
 *
 * @throws ConnectionError when no node answers
 */
export async function connectOver(transport: Transport, options: ClientOptions = {}): Promise<Client> {
  return new Client(await readChain(transport), options);
}
