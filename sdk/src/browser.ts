/** Everything that runs in Node.js and in browsers alike: nothing here needs a socket or a file. */
export {
  accountFromPrivateKey,
  accountFromSigner,
  createAccount,
  suiteOf,
  type Account,
  type ExternalKey,
  type LocalAccount,
  type SuiteName,
} from "./accounts/account.js";
export {
  accountFromPem,
  encodePrivateKeyPem,
  encodePublicKeyPem,
  publicKeyFromPem,
  type PublicKey,
} from "./accounts/pem.js";
export type { Amop, AmopListener, AmopMessage, AmopSendOptions } from "./amop/amop.js";
export { decodeAmopFile, encodeAmopFile, type AmopFile } from "./amop/files.js";
export type { Chain } from "./chain.js";
export { Client, connectOver, type ClientOptions, type Draft, type Signed } from "./client.js";
export type { ContractCall, Deployed, Deployment, SelectorOptions, StateOptions, Written } from "./contracts/calls.js";
export {
  decodeCall,
  decodeLog,
  decodeResult,
  encodeCall,
  encodeDeployment,
  functionOf,
  selectorOf,
  topicOf,
  type DecodedEvent,
} from "./contracts/abi.js";
export { revertReason } from "./contracts/failure.js";
export { receiptOf, type Log, type Receipt } from "./contracts/receipt.js";
export { STATUS_TEXTS, statusText } from "./contracts/status.js";
export * from "./errors.js";
export type { ChainEvent, EventQuery } from "./events/query.js";
export {
  comparePositions,
  type BlockRange,
  type LogPosition,
  type LogQuery,
  type Subscription,
} from "./events/subscription.js";
export { digitsOf, parseAddress, parseHex, toHex, type Hex } from "./hex.js";
export { CnsService, type CnsEntry } from "./precompiled/cns.js";
export { codeOfOutput, PRECOMPILED_TEXTS, precompiledText } from "./precompiled/codes.js";
export { ConfigService, type SystemConfigKey } from "./precompiled/config.js";
export { ConsensusService } from "./precompiled/consensus.js";
export { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./precompiled/contract.js";
export { GasService, type GasOutcome } from "./precompiled/gas.js";
export { GovernanceService, type Vote, type Votes } from "./precompiled/governance.js";
export { KeyValueService } from "./precompiled/key-values.js";
export { LifeCycleService } from "./precompiled/life-cycle.js";
export { PermissionService, SYSTEM_TABLES, type Permission } from "./precompiled/permissions.js";
export {
  TableService,
  type Comparison,
  type RowFilter,
  type TableDescription,
  type TableRow,
} from "./precompiled/tables.js";
export { proveTransaction, verifyEvidence, type ProvenTransaction } from "./proofs/prove.js";
export {
  ProofError,
  verifyHeader,
  verifyReceiptProof,
  verifyTransactionProof,
  type ProofFailure,
} from "./proofs/verify.js";
export { httpTransport, type HttpOptions } from "./rpc/http.js";
export { Rpc, type NewGroup, type ReceiptRange } from "./rpc/rpc.js";
export type { ChainLog, LogFilter, LogListener, Pushes, RequestOptions, Transport } from "./rpc/transport.js";
export type * from "./rpc/types.js";
export { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
export { parseAbi, type Abi } from "viem";
