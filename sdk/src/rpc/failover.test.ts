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

test("what is wrong with several nodes is said once, and what is wrong with one alone names it", async () => {
  const routes = ["10.0.0.1:1", "10.0.0.1:11", "10.0.0.2:1", "10.0.0.3:1"].map((endpoint) => ({ endpoint }));
  const asking = askInTurn(routes, ({ endpoint }) =>
    Promise.reject(
      new ConnectionError(
        endpoint === "10.0.0.2:1" ? `${endpoint} is of another chain.` : `${endpoint} is down. Does ${endpoint} run?`,
      ),
    ),
  );
  await expect(asking).rejects.toMatchObject({
    code: "connection-failed",
    message:
      "None of 4 nodes answers:\n" +
      "  10.0.0.1:1, 10.0.0.1:11, 10.0.0.3:1: It is down. Does it run?\n" +
      "  10.0.0.2:1 is of another chain.",
  });
});
