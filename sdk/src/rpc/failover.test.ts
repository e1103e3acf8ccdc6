import { expect, test } from "vitest";
import { ConnectionError, RpcError } from "../errors.js";
import { askInTurn } from "./failover.js";

const ROUTES = [{ endpoint: "first" }, { endpoint: "second" }];

function refusal(rpcCode: number, endpoint: string): RpcError {
  return new RpcError({ method: "call", rpcCode, rpcMessage: `no (${endpoint})`, endpoint });
}

test.each([-40001, -40009, -40012, -40013, -40015])(
  "another node is asked when one cannot answer (%s)",
  async (code) => {
    const asked: string[] = [];
    const answer = await askInTurn(ROUTES, ({ endpoint }) => {
      asked.push(endpoint);
      return endpoint === "second" ? Promise.resolve(7) : Promise.reject(refusal(code, endpoint));
    });
    expect([answer, asked]).toEqual([7, ["first", "second"]]);
  },
);

test.each([-32602, -40004, -40014])("a request that all nodes would refuse is asked once (%s)", async (code) => {
  const asked: string[] = [];
  const asking = askInTurn(ROUTES, ({ endpoint }) => {
    asked.push(endpoint);
    return Promise.reject(refusal(code, endpoint));
  });
  await expect(asking).rejects.toMatchObject({ rpcCode: code });
  expect(asked).toEqual(["first"]);
});

test("a node's own words count more than that another did not answer", async () => {
  const asking = askInTurn(ROUTES, ({ endpoint }) =>
    Promise.reject(endpoint === "first" ? new ConnectionError("gone") : refusal(-40013, endpoint)),
  );
  await expect(asking).rejects.toMatchObject({ rpcCode: -40013 });
});
