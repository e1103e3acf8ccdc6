/** From request text to answer text: shape, method, parameters, then whoever answers the method. */
import { unreachable } from "@tsbcos/core/primitives";
import { readJson, writeJson, type Json } from "@tsbcos/core/protocol";
import { admissionError, subjectOf, type Admission, type RequestSubject } from "./admission.js";
import { internalError, nodeError, protocolError, RpcError } from "./errors.js";
import { int32Of, isWholeNumber, lowSixteenBits, parseBytes } from "./formats.js";
import { METHODS, parametersFit } from "./methods.js";
import type { NodeReader } from "./node-reader.js";
import { answerOperation, type NodeOperations } from "./operations.js";

/** A group as RPC reaches it. */
export interface GroupGateway {
  /**
   * Runs a reading method in the group's thread.
   *
   * @returns JSON text of the result
   * @throws RpcError (as a rejection) when the method fails
   */
  read(method: string, params: readonly Json[]): Promise<string>;
  /**
   * Hands a signed transaction to the group.
   *
   * @param receipt to be pushed later
   * @returns its hash, 64 hexadecimal digits
   * @throws RpcError (as a rejection) when it is refused
   */
  submit(raw: Uint8Array, receipt?: ReceiptRequest): Promise<string>;
}

/** A receipt that the client is to get once the transaction is in a block, or given up. */
export interface ReceiptRequest {
  readonly wish: {
    readonly withProof: boolean;
    /** A refusal, too, becomes a receipt; the request itself is answered with the hash. */
    readonly refusalsAsReceipts: boolean;
  };
  push(text: string): void;
}

/** A client that is more than its request. */
export interface RpcCaller {
  /** Asked about each request with a method and parameters, before anything else looks at it. */
  admit(subject: RequestSubject): Admission;
  /** Whether refused transactions are told by receipts. */
  readonly refusalsAsReceipts: boolean;
  /** Takes the receipt of a transaction that it sent. May be called before the request is answered. */
  pushReceipt(text: string): void;
}

/** Where the service finds its answers. */
export interface RpcBackend {
  readonly node: NodeReader;
  readonly operations: NodeOperations;
  /** The running group of that number. */
  group(groupId: number): GroupGateway | undefined;
  /** Told of failures that are no RpcError: defects to be logged. */
  readonly onDefect: (method: string, error: unknown) => void;
}

/** Answers request texts. */
export interface RpcService {
  /** One request or a batch in, one answer text out, with its final newline. Never rejects. */
  handle(text: string, caller?: RpcCaller): Promise<string>;
}

interface Request {
  readonly id: string | number | null;
  readonly method: string;
  readonly params: Json | undefined;
}

type RequestObject = Readonly<Record<string, Json | undefined>>;

function errorText(id: Json, error: RpcError): string {
  const { rpcCode: code, message } = error;
  return writeJson({ error: error.withData ? { code, data: null, message } : { code, message }, id, jsonrpc: "2.0" });
}

function isId(id: Json | undefined): id is string | number | null | undefined {
  return id === undefined || id === null || typeof id === "string" || isWholeNumber(id);
}

function isRequestObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The request in `object` when its shape is right. */
function requestIn(object: RequestObject): Request | undefined {
  const { id, jsonrpc, method, params } = object;
  if (typeof method !== "string" || jsonrpc !== "2.0" || !isId(id)) return undefined;
  if (params !== undefined && typeof params !== "object") return undefined;
  return { id: id ?? null, method, params };
}

/** What to tell the caller of the transaction that it sends. */
function receiptFor({ method }: Request, caller: RpcCaller | undefined): ReceiptRequest | undefined {
  if (caller === undefined) return undefined;
  const { refusalsAsReceipts } = caller;
  return {
    wish: { withProof: method === "sendRawTransactionAndGetProof", refusalsAsReceipts },
    push: (text) => {
      caller.pushReceipt(text);
    },
  };
}

/** Group number from the first parameter: its low 16 bits count, as a signed number. */
function groupIdOf(params: readonly Json[]): number {
  return lowSixteenBits(int32Of(params[0]));
}

function answerNode(reader: NodeReader, method: string): Json {
  switch (method) {
    case "rpc_modules":
      return { "FISCO BCOS": "2.0" };
    case "getClientVersion":
      return reader.clientVersion();
    case "getNodeInfo":
      return reader.nodeInfo();
    case "getGroupList":
      return reader.groupsOfNode();
    case "getPeers":
      return reader.peers();
    case "getNodeIDList":
      return reader.nodeIds();
    case "queryPeers":
      return reader.staticPeers();
    default:
      throw protocolError("methodNotFound");
  }
}

/** A service over `backend`. */
export function createRpcService(backend: RpcBackend): RpcService {
  async function answer(request: Request, caller: RpcCaller | undefined): Promise<string> {
    const method = METHODS.get(request.method);
    if (method === undefined) throw protocolError("methodNotFound");
    if (!parametersFit(method, request.params)) throw protocolError("invalidParams");
    if (method.scope === "node") {
      if (method.parameters?.[0] === "int") int32Of((request.params as readonly Json[])[0]);
      return writeJson(answerNode(backend.node, request.method));
    }
    if (method.scope === "operation") {
      return writeJson(await answerOperation(backend.operations, request.method, request.params));
    }
    const params = request.params as readonly Json[];
    const group = backend.group(groupIdOf(params));
    if (group === undefined) throw nodeError("groupMissing");
    switch (method.scope) {
      case "group":
        return group.read(request.method, params.slice(1));
      case "submit":
        return writeJson(`0x${await group.submit(parseBytes(String(params[1])), receiptFor(request, caller))}`);
      default:
        return unreachable(method.scope);
    }
  }

  async function handleOne(value: Json, caller: RpcCaller | undefined): Promise<string> {
    if (!isRequestObject(value)) return errorText(null, protocolError("invalidRequest"));
    const object: RequestObject = value;
    const id = isId(object["id"]) ? (object["id"] ?? null) : null;
    const subject = subjectOf(object);
    const admission = subject === undefined ? undefined : caller?.admit(subject);
    if (subject !== undefined && admission !== undefined && admission !== "admitted") {
      const { error, keepsId } = admissionError(admission, subject.method);
      return errorText(keepsId ? id : null, error);
    }
    const request = requestIn(object);
    if (request === undefined) return errorText(id, protocolError("invalidRequest"));
    try {
      if (METHODS.has(request.method) && !("id" in object)) throw protocolError("notification");
      const result = await answer(request, caller);
      return `{"id":${writeJson(id)},"jsonrpc":"2.0","result":${result}}`;
    } catch (error) {
      if (error instanceof RpcError) return errorText(id, error);
      backend.onDefect(request.method, error);
      return errorText(id, internalError("unexpected failure, see the node's log"));
    }
  }

  return {
    async handle(text, caller) {
      const value = readJson(text);
      if (value === undefined) return `${errorText(null, protocolError("parse"))}\n`;
      if (!Array.isArray(value)) return `${await handleOne(value, caller)}\n`;
      if (value.length === 0) return `${errorText(null, protocolError("invalidRequest"))}\n`;
      const answers: string[] = [];
      // One after the other, as clients expect of a batch: a later request may depend on an earlier one.
      for (const element of value as readonly Json[]) answers.push(await handleOne(element, caller));
      return `[${answers.join(",")}]\n`;
    },
  };
}
