export { accountFromPrivateKey, createAccount, type Account } from "./account.js";
export { Client, revertReason, type ClientOptions, type ContractCall, type TransactionReceipt } from "./client.js";
export { ConnectionError, ReceiptTimeoutError, RpcError, TransactionFailedError } from "./errors.js";
export { connectRpc, type RpcConnection } from "./rpc.js";
export type { Abi } from "viem";
