import { createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createMetrics, serveMetrics, type MetricsServer } from "./index.js";

let server: MetricsServer | undefined;
afterEach(() => server?.close());

async function start(
  refresh: () => Promise<void>,
  port = 0,
): Promise<(path: string, method?: string) => Promise<Response>> {
  const metrics = createMetrics({ withProcess: false });
  let height = 0;
  metrics.gauge({ name: "height", help: "h" }, () => ++height);
  const started = await serveMetrics({ host: "127.0.0.1", port, metrics, refresh });
  server = started;
  return (path, method = "GET") => fetch(`http://127.0.0.1:${started.port}${path}`, { method });
}

test("each request gets the values of that moment, after they were refreshed", async () => {
  let refreshed = 0;
  const get = await start(() => {
    refreshed++;
    return Promise.resolve();
  });
  for (const expected of [1, 2]) {
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toContain(`tsbcos_height ${expected}\n`);
    expect(refreshed).toBe(expected);
  }
});

test("other paths and methods get nothing; what fails is said", async () => {
  const get = await start(() => Promise.reject(new Error("busy")));
  expect((await get("/else")).status).toBe(404);
  expect((await get("/metrics", "POST")).status).toBe(404);
  const failed = await get("/metrics");
  expect([failed.status, await failed.text()]).toEqual([500, "Error: busy\n"]);
});

test("B21: a port that is taken is said by its name in the configuration", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start(() => Promise.resolve(), port)).rejects.toThrow(/metrics_listen_port/);
  other.close();
});
