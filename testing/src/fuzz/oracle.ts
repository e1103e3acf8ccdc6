/** The second opinion: Ethereum's own interpreter in JavaScript, under the same rules. */
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import type { StateManagerInterface } from "@ethereumjs/common";
import { createEVM, EVMMockBlockchain } from "@ethereumjs/evm";
import type { EVM } from "@ethereumjs/evm";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import { Account, Address as OracleAddress } from "@ethereumjs/util";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { Accounts } from "../evm-tests/accounts.js";
import type { AccountFixture } from "../evm-tests/fixtures.js";
import { FuzzFailure } from "./target.js";
import type { Ending, Scene, Stage } from "./scene.js";

/** Blocks named as the world of the tests names them: by the hash of their decimal number. */
class NumberedBlocks extends EVMMockBlockchain {
  readonly #suite: CryptoSuite;

  constructor(suite: CryptoSuite) {
    super();
    this.#suite = suite;
  }

  override getBlock(number?: number): ReturnType<EVMMockBlockchain["getBlock"]> {
    return Promise.resolve({ hash: () => Uint8Array.from(this.#suite.hash(utf8ToBytes(String(number)))) });
  }
}

/** An interpreter with an empty state. */
export interface OracleMachine<State> {
  readonly evm: EVM;
  readonly state: State;
}

/** Makes an interpreter under plain Istanbul rules. */
export async function createOracleMachine<State extends StateManagerInterface>(
  suite: CryptoSuite,
  makeState: (common: Common) => State,
): Promise<OracleMachine<State>> {
  const customCrypto = { keccak256: (data: Uint8Array) => suite.hash(data) };
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Istanbul, customCrypto });
  const state = makeState(common);
  const evm = await createEVM({ common, stateManager: state, blockchain: new NumberedBlocks(suite) });
  return { evm, state };
}

/** An address as the oracle takes it. */
export function oracleAddress(address: string): OracleAddress {
  return new OracleAddress(hexToBytes(address));
}

async function putAccount(state: SimpleStateManager, address: string, fixture: AccountFixture): Promise<void> {
  const at = oracleAddress(address);
  const account = new Account(BigInt(fixture.nonce), BigInt(fixture.balance));
  await state.putAccount(at, account);
  if (fixture.code !== "0x") await state.putCode(at, hexToBytes(fixture.code));
  for (const [slot, value] of Object.entries(fixture.storage)) {
    await state.putStorage(at, hexToBytes(slot.slice(2).padStart(64, "0")), trimmed(hexToBytes(value)));
  }
}

/** Without leading zeros, as the oracle stores values. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : bytes.subarray(start);
}

function fixturesOf(state: SimpleStateManager): Record<string, AccountFixture> {
  const fixtures: Record<string, AccountFixture> = {};
  const storage = [...(state as unknown as { topStorageStack(): Map<string, Uint8Array> }).topStorageStack()];
  const codes = (state as unknown as { topCodeStack(): Map<string, Uint8Array> }).topCodeStack();
  const accounts = (state as unknown as { topAccountStack(): Map<string, Account | undefined> }).topAccountStack();
  for (const [address, account] of accounts) {
    if (account === undefined) continue;
    const slots = storage
      .filter(([key, value]) => key.startsWith(`${address}_`) && value.length > 0)
      .map(([key, value]) => [key.slice(address.length + 1), `0x${bytesToHex(value)}`] as const);
    fixtures[address] = {
      balance: `0x${account.balance.toString(16)}`,
      nonce: `0x${account.nonce.toString(16)}`,
      code: `0x${bytesToHex(account.isContract() ? (codes.get(address) ?? new Uint8Array(0)) : new Uint8Array(0))}`,
      storage: Object.fromEntries(slots),
    };
  }
  return fixtures;
}

/** How a scene ended on the oracle, and how many instructions that took. */
export interface OracleEnding {
  readonly ending: Ending;
  readonly instructions: number;
}

/** Runs a scene on the oracle. */
export async function askOracle(scene: Scene, suite: CryptoSuite, stage: Stage): Promise<OracleEnding> {
  let instructions = 0;
  const count = (): void => {
    instructions++;
  };
  try {
    return { ending: await runOnOracle(scene, { suite, stage, count }), instructions };
  } catch (error) {
    // Its tracing, not its execution, fails at a REVERT of data without bounds: such a scene is run untraced.
    if (!(error instanceof RangeError)) throw error;
    return { ending: await runOnOracle(scene, { suite, stage, count: undefined }), instructions };
  }
}

async function runOnOracle(
  scene: Scene,
  options: { readonly suite: CryptoSuite; readonly stage: Stage; readonly count: (() => void) | undefined },
): Promise<Ending> {
  const { evm, state } = await createOracleMachine(options.suite, (common) => new SimpleStateManager({ common }));
  if (options.count !== undefined) evm.events.on("step", options.count);
  for (const [address, fixture] of Object.entries(scene.accounts)) await putAccount(state, address, fixture);
  const { environment, call } = scene;
  const { execResult } = await evm.runCall({
    caller: oracleAddress(call.sender),
    origin: oracleAddress(environment.origin),
    to: oracleAddress(call.target),
    gasLimit: call.gas,
    gasPrice: environment.gasPrice,
    value: call.value,
    data: call.data,
    skipNonceIncrement: true,
    block: {
      header: {
        number: environment.number,
        coinbase: oracleAddress(environment.coinbase),
        timestamp: environment.timestamp,
        difficulty: environment.difficulty,
        prevRandao: new Uint8Array(32),
        gasLimit: environment.gasLimit,
        getBlobGasPrice: () => undefined,
      },
    },
  });
  const { exceptionError, selfdestruct } = execResult;
  for (const address of selfdestruct?.keys() ?? []) await evm.journal.deleteAccount(oracleAddress(address));
  await evm.journal.cleanup();
  const gasLeft = call.gas - execResult.executionGasUsed;
  if (exceptionError !== undefined && exceptionError.error === "internal error") {
    throw new FuzzFailure("the oracle failed");
  }
  return {
    end: exceptionError === undefined ? "success" : exceptionError.error === "revert" ? "revert" : "failure",
    gasLeft,
    refund: execResult.gasRefund ?? 0n,
    output: bytesToHex(execResult.returnValue),
    logs: (execResult.logs ?? [])
      .map(([address, topics, data]) =>
        [address, ...topics, data].map((part) => bytesToHex(part as Uint8Array)).join(" "),
      )
      .join("\n"),
    root: options.stage.rootOf(new Accounts(fixturesOf(state))),
  };
}
