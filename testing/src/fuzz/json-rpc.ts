/** Damaged requests on the JSON-RPC service of a node with a real chain: always an answer, never a defect. */
import type { Random } from "@tsbcos/core/primitives";
import type { Json } from "@tsbcos/core/protocol";
import type { RpcService } from "@tsbcos/node/rpc";
import { METHODS } from "@tsbcos/node/rpc";
import type { NativeSuites } from "@tsbcos/node/crypto";
import { loadChain } from "../vectors/index.js";
import { requestText, serviceOf } from "../vectors/rpc-node.js";
import { damaged } from "./damage.js";
import { demand, pick } from "./target.js";
import type { Target } from "./target.js";

const CHAIN = "wire";

const VALUES: readonly Json[] = [
  ...[0, 1, -1, 1.5, 7, 65_537, 2 ** 31, 1e300, true, false, null, [], {}, "", "0x", "0x0", "0x1", "1", "-1", "zz"],
  ...["latest", "0x" + "f".repeat(80), "9".repeat(400), "0x" + "0".repeat(64), "0x" + "a".repeat(40), "tx_count_limit"],
  ...["010", "0X1", "1e3", " 1", "\u0000", "\ud800", "é", { from: "0x1" }, { from: [], to: {}, data: 5 }, [[[[]]]]],
  { from: "0x" + "a".repeat(40), to: "0x" + "0".repeat(36) + "1001", data: "0x" },
  { from: "0x" + "a".repeat(40), to: "0x" + "0".repeat(39) + "4", data: "0xabc", value: "0x10000000000000000000" },
];

function madeUp(random: Random): string {
  if (random.chance(0.002)) return pick(random, ["[", '{"id":', "[[1],"]).repeat(100_000);
  const [name, { parameters = [], optional = [] }] = pick(random, [...METHODS]);
  const declared = parameters.length + random.below(optional.length + 1);
  const count = random.chance(0.8) ? declared : random.below(6);
  const params = Array.from({ length: count }, (_, index) =>
    index === 0 && random.chance(0.9) ? 1 : pick(random, VALUES),
  );
  const request = {
    jsonrpc: pick(random, ["2.0", "2.0", "2.0", "1.0", 2]),
    id: pick(random, VALUES),
    method: name,
    params,
  };
  return random.chance(0.2) ? JSON.stringify([request, pick(random, VALUES)]) : JSON.stringify({ ...request, id: 1 });
}

/** Damaged requests, and well-formed ones with unforeseen values. */
export function jsonRpcTarget(suites: Pick<NativeSuites, "sm" | "standard">): Target {
  let node: ReturnType<typeof serviceOf> | undefined;
  const texts = Object.keys(loadChain(CHAIN).calls()).map((key) => {
    const [method, ...params] = JSON.parse(key) as [string, ...Json[]];
    return requestText(1, method, params);
  });
  const answer = async (service: RpcService, text: string): Promise<void> => {
    const answered = await service.handle(text);
    demand(answered.endsWith("\n"), "an answer ends with a line break");
    // Throws, and so fails the case, when the answer is not JSON.
    const parsed = JSON.parse(answered) as { readonly jsonrpc?: string } | readonly { readonly jsonrpc?: string }[];
    for (const one of Array.isArray(parsed) ? parsed : [parsed]) demand(one.jsonrpc === "2.0", "an answer is JSON-RPC");
  };
  return {
    name: "json-rpc",
    description: "damaged and unforeseen requests on the service of a node over a replayed chain",
    async run(random) {
      node ??= serviceOf(CHAIN, suites, { sessions: [], told: [] });
      const text = random.chance(0.5)
        ? madeUp(random)
        : Buffer.from(damaged(Buffer.from(pick(random, texts)), random)).toString("utf8");
      await answer(node.service, text);
      const [defect] = node.defects.splice(0);
      if (defect !== undefined) throw defect;
      return { requests: 1 };
    },
  };
}
