import { describe, expect, test } from "vitest";
import { internalError, nodeError } from "./errors.js";
import { createRpcService, type GroupGateway, type RpcService } from "./service.js";

const gateway: GroupGateway = {
  read(method, params) {
    if (method === "getBlockNumber") return Promise.resolve('"0x7"');
    if (method === "getCode") return Promise.resolve(JSON.stringify(params));
    if (method === "getPbftView") return Promise.reject(nodeError("noView"));
    if (method === "getSyncStatus") return Promise.reject(new Error("a defect"));
    return Promise.reject(internalError("no such thing"));
  },
  submit: (raw) => Promise.resolve(raw.length.toString().padStart(64, "0")),
};

function service(defects: string[] = []): RpcService {
  return createRpcService({
    node: {
      clientVersion: () => ({ "FISCO-BCOS Version": "2.9.1" }),
      nodeInfo: () => ({}),
      peers: () => [],
      staticPeers: () => ["127.0.0.1:30300"],
      nodeIds: () => ["aa"],
      groupsOfNode: () => [1],
      groupStatus: (groupId) => ({ code: "0x0", message: "", status: groupId === 1 ? "RUNNING" : "INEXISTENT" }),
    },
    group: (groupId) => (groupId === 1 ? gateway : undefined),
    onDefect: (method) => defects.push(method),
  });
}

const NO_DATA = (code: number, message: string, id = "1"): string =>
  `{"error":{"code":${code},"message":"${message}"},"id":${id},"jsonrpc":"2.0"}\n`;
const INVALID = "INVALID_JSON_REQUEST: The JSON sent is not a valid JSON-RPC Request object";
const PARAMS = "INVALID_PARAMS: Invalid method parameters (invalid name and/or type) recognised";

describe("answers are compact, with sorted keys and a final newline", () => {
  const cases: readonly [name: string, request: string, answer: string][] = [
    [
      "a result",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[1]}',
      '{"id":1,"jsonrpc":"2.0","result":"0x7"}\n',
    ],
    [
      "a text id",
      '{"jsonrpc":"2.0","id":"a\\n","method":"getBlockNumber","params":[1]}',
      '{"id":"a\\n","jsonrpc":"2.0","result":"0x7"}\n',
    ],
    [
      "a whole number with a fraction of zero",
      '{"jsonrpc":"2.0","id":1.0,"method":"getBlockNumber","params":[1.0]}',
      '{"id":1,"jsonrpc":"2.0","result":"0x7"}\n',
    ],
    [
      "comments and trailing text",
      '/* c */{"jsonrpc":"2.0","id":1,"method":"getBlockNumber",// x\n"params":[1]} garbage',
      '{"id":1,"jsonrpc":"2.0","result":"0x7"}\n',
    ],
    [
      "parameters of a method without any",
      '{"jsonrpc":"2.0","id":1,"method":"getGroupList","params":{"x":1}}',
      '{"id":1,"jsonrpc":"2.0","result":[1]}\n',
    ],
    [
      "a group number beyond 16 bits",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[65537]}',
      '{"id":1,"jsonrpc":"2.0","result":"0x7"}\n',
    ],
    [
      "raw bytes of an odd number of digits",
      '{"jsonrpc":"2.0","id":1,"method":"sendRawTransaction","params":[1,"0x123"]}',
      `{"id":1,"jsonrpc":"2.0","result":"0x${"2".padStart(64, "0")}"}\n`,
    ],
    ["not JSON", "{", NO_DATA(-32700, "JSON_PARSE_ERROR: The JSON-Object is not JSON-Valid", "null")],
    ["a number", "7", NO_DATA(-32600, INVALID, "null")],
    ["an empty batch", "[]", NO_DATA(-32600, INVALID, "null")],
    ["a wrong version", '{"jsonrpc":"1.0","id":1,"method":"getBlockNumber","params":[1]}', NO_DATA(-32600, INVALID)],
    [
      "an id with a fraction",
      '{"jsonrpc":"2.0","id":1.5,"method":"getBlockNumber","params":[1]}',
      NO_DATA(-32600, INVALID, "null"),
    ],
    [
      "parameters that are a text",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":"1"}',
      NO_DATA(-32600, INVALID),
    ],
    [
      "an unknown method",
      '{"jsonrpc":"2.0","id":1,"method":"nope","params":[1]}',
      NO_DATA(-32601, "METHOD_NOT_FOUND: The method being requested is not available on this server"),
    ],
    [
      "no id",
      '{"jsonrpc":"2.0","method":"getBlockNumber","params":[1]}',
      NO_DATA(-32604, "PROCEDURE_IS_METHOD: The requested notification is declared as a method", "null"),
    ],
    ["too few parameters", '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[]}', NO_DATA(-32602, PARAMS)],
    [
      "a text for a number",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":["1"]}',
      NO_DATA(-32602, PARAMS),
    ],
    [
      "a group that is not there",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[9]}',
      '{"error":{"code":-40001,"data":null,"message":"GroupID does not exist"},"id":1,"jsonrpc":"2.0"}\n',
    ],
    [
      "a group number out of range",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[99999999999]}',
      `{"error":{"code":-32602,"data":null,"message":"${PARAMS}"},"id":1,"jsonrpc":"2.0"}\n`,
    ],
    [
      "a method's own error",
      '{"jsonrpc":"2.0","id":1,"method":"getPbftView","params":[1]}',
      '{"error":{"code":-40007,"data":null,"message":"Only pbft consensus supports the view property"},"id":1,"jsonrpc":"2.0"}\n',
    ],
    [
      "bytes that are none",
      '{"jsonrpc":"2.0","id":1,"method":"sendRawTransaction","params":[1,"0xzz"]}',
      `{"error":{"code":-32603,"data":null,"message":"INTERNAL_ERROR: : INTERNAL_ERROR: : Cannot intepret '0xzz' as bytes; must be 0x-prefixed hex or hex"},"id":1,"jsonrpc":"2.0"}\n`,
    ],
  ];
  test.each(cases)("%s", async (_name, request, answer) => {
    expect(await service().handle(request)).toBe(answer);
  });

  test("a batch is answered element by element", async () => {
    const one = '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[1]}';
    expect(await service().handle(`[${one},5]`)).toBe(
      `[{"id":1,"jsonrpc":"2.0","result":"0x7"},{"error":{"code":-32600,"message":"${INVALID}"},"id":null,"jsonrpc":"2.0"}]\n`,
    );
  });

  test("a defect is answered, not shown, and reported", async () => {
    const defects: string[] = [];
    const answer = await service(defects).handle('{"jsonrpc":"2.0","id":1,"method":"getSyncStatus","params":[1]}');
    expect(JSON.parse(answer)).toMatchObject({ error: { code: -32603 } });
    expect(answer).not.toContain("a defect");
    expect(defects).toEqual(["getSyncStatus"]);
  });

  test("control characters are escaped as the C++ node does", async () => {
    const answer = await service().handle(
      '{"jsonrpc":"2.0","id":"\\u001f\\u00e9","method":"getGroupList","params":[]}',
    );
    expect(answer).toBe('{"id":"\\u001Fé","jsonrpc":"2.0","result":[1]}\n');
  });

  test("B20: nothing that arrives makes the service throw", async () => {
    for (const text of [
      "",
      "[",
      "[[]]",
      '"',
      "{}",
      "[{}]",
      "null",
      '{"id":{}}',
      "/*",
      "[1,2",
      '{"a":"\\',
      "]".repeat(9),
    ]) {
      expect(await service().handle(text)).toMatch(/^[[{].*error.*[\]}]\n$/s);
    }
  });
});
