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
export type { Chain } from "./chain.js";
export {
  Client,
  connectOver,
  type ClientOptions,
  type ContractCall,
  type Deployed,
  type Deployment,
  type Draft,
  type SelectorOptions,
  type Signed,
  type Written,
} from "./client.js";
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
export { digitsOf, parseAddress, parseHex, toHex, type Hex } from "./hex.js";
export { httpTransport, type HttpOptions } from "./rpc/http.js";
export { Rpc, type NewGroup, type ReceiptRange } from "./rpc/rpc.js";
export type { ChainLog, LogFilter, LogListener, Pushes, RequestOptions, Transport } from "./rpc/transport.js";
export type * from "./rpc/types.js";
export { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
export type { Abi } from "viem";
