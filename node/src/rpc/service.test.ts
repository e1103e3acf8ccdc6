import { V2_1_0, V2_2_0, V2_9_0 } from "@tsbcos/core/protocol";
import { describe, expect, test } from "vitest";
import { internalError, nodeError } from "./errors.js";
import type { NodeOperations } from "./operations.js";
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

const did =
  (what: string) =>
  (...params: readonly unknown[]): { readonly code: string; readonly message: string } => ({
    code: "0x0",
    message: `${what} ${JSON.stringify(params)}`,
  });
const later = (what: string) => (groupId: number, request?: unknown) =>
  Promise.resolve(did(what)(groupId, ...(request === undefined ? [] : [request])));
const OPERATIONS: NodeOperations = {
  supportedVersion: V2_9_0,
  disableDynamicGroup: false,
  groups: {
    status: did("status"),
    generate: later("generate"),
    start: later("start"),
    stop: later("stop"),
    remove: later("remove"),
    recover: later("recover"),
  },
  peers: { add: did("add"), erase: did("erase") },
};

function service(defects: string[] = [], operations: NodeOperations = OPERATIONS): RpcService {
  return createRpcService({
    node: {
      clientVersion: () => ({ "FISCO-BCOS Version": "2.9.1" }),
      nodeInfo: () => ({}),
      peers: () => [],
      staticPeers: () => ["127.0.0.1:30300"],
      nodeIds: () => ["aa"],
      groupsOfNode: () => [1],
    },
    operations,
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
      "an id that needs more than 64 bits",
      '{"jsonrpc":"2.0","id":18446744073709551616,"method":"getBlockNumber","params":[1]}',
      NO_DATA(-32600, INVALID, "null"),
    ],
    [
      "a whole number that needs more than 64 bits",
      '{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":[1e300]}',
      NO_DATA(-32602, PARAMS),
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
      `{"error":{"code":-32603,"data":null,"message":"INTERNAL_ERROR: : INTERNAL_ERROR: : Dynamic exception type: std::invalid_argument\\nstd::exception::what: Cannot intepret '0xzz' as bytes; must be 0x-prefixed hex or decimal.\\n"},"id":1,"jsonrpc":"2.0"}\n`,
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

describe("operations", () => {
  const ask = (method: string, params: string, operations: NodeOperations = OPERATIONS): Promise<string> =>
    service([], operations).handle(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`);
  const result = (message: string): string =>
    `{"id":1,"jsonrpc":"2.0","result":${JSON.stringify({ code: "0x0", message })}}\n`;
  const METHODS_OF_GROUPS = ["startGroup", "stopGroup", "removeGroup", "recoverGroup"];

  test("reach whoever does them, with a group number as it is", async () => {
    for (const method of METHODS_OF_GROUPS) {
      expect(await ask(method, "[65537]")).toBe(result(`${method.slice(0, -5)} [65537]`));
    }
    expect(await ask("queryGroupStatus", "[-3]")).toBe(result("status [-3]"));
    expect(await ask("generateGroup", '[2,{"timestamp":"1"}]')).toBe(result('generate [2,{"timestamp":"1"}]'));
    expect(await ask("addPeers", '[["a:1"]]')).toBe(result('add [["a:1"]]'));
    expect(await ask("erasePeers", '[["a:1"],7]')).toBe(result('erase [["a:1"]]'));
  });

  test("peers may be anything, and whoever adds them looks", async () => {
    for (const params of ["null", "{}", "[]", "[7]"]) {
      expect(JSON.parse(await ask("addPeers", params))).toHaveProperty("result.code", "0x0");
    }
  });

  test("of groups demand their parameters", async () => {
    for (const params of ["[]", '["2"]', "[2,3]"]) {
      expect(await ask("startGroup", params)).toBe(NO_DATA(-32602, PARAMS));
    }
    for (const params of ["[2]", "[2,[]]", "[2,null]", '["2",{}]']) {
      expect(await ask("generateGroup", params)).toBe(NO_DATA(-32602, PARAMS));
    }
    expect(JSON.parse(await ask("startGroup", "[4294967298]"))).toHaveProperty("error.code", -32602);
  });

  test("of groups can be switched off; asking for a status cannot", async () => {
    const disabled = { ...OPERATIONS, disableDynamicGroup: true };
    for (const method of METHODS_OF_GROUPS) {
      expect(await ask(method, "[2]", disabled)).toBe(
        '{"error":{"code":-100001,"data":null,"message":"Dynamic group related interfaces are forbidden to access"},"id":1,"jsonrpc":"2.0"}\n',
      );
    }
    expect(JSON.parse(await ask("generateGroup", "[2,{}]", disabled))).toHaveProperty("error.code", -100001);
    expect(await ask("queryGroupStatus", "[2]", disabled)).toBe(result("status [2]"));
  });

  test("of groups came with 2.2.0, and older chains are told so by one name", async () => {
    const old = { ...OPERATIONS, supportedVersion: V2_1_0 };
    for (const method of [...METHODS_OF_GROUPS, "queryGroupStatus"]) {
      expect(await ask(method, "[2]", old)).toBe(
        '{"error":{"code":-40009,"data":null,"message":"method stopGroup not support this version"},"id":1,"jsonrpc":"2.0"}\n',
      );
    }
    expect(await ask("startGroup", "[2]", { ...OPERATIONS, supportedVersion: V2_2_0 })).toBe(result("start [2]"));
  });
});
