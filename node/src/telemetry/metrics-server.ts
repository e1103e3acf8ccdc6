/** Serves metrics over HTTP, for Prometheus to fetch. */
import { createServer } from "node:http";
import { CodedError } from "@tsbcos/core/primitives";
import type { Metrics } from "./metrics.js";

/** A running endpoint. */
export interface MetricsServer {
  /** The port it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/** Connections at once: a few collectors. */
const CONNECTIONS_MAX = 16;

/**
 * Answers every GET of `/metrics` with the metrics of that moment.
 *
 * @param options.refresh called before each answer: brings values that are not at hand
 * @throws CodedError `metrics-cannot-listen` (as a rejection)
 */
export async function serveMetrics(options: {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly refresh: () => Promise<void>;
}): Promise<MetricsServer> {
  const { host, metrics, refresh } = options;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    response.on("error", () => undefined);
    request.resume();
    if (request.method !== "GET" || !/^\/(metrics)?(\?|$)/.test(request.url ?? "")) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Metrics are at /metrics.\n");
      return;
    }
    refresh()
      .then(() => metrics.text())
      .then(
        (text) => response.writeHead(200, { "Content-Type": metrics.contentType }).end(text),
        (error: unknown) => response.writeHead(500, { "Content-Type": "text/plain" }).end(`${String(error)}\n`),
      );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on("clientError", (_error, socket) => socket.destroy());
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `metrics cannot be served at ${host}:${options.port}: ${cause.message}. Change metrics_listen_port in config.ini.`;
      reject(new CodedError("metrics-cannot-listen", message, { cause }));
    });
    server.listen(options.port, host, () => {
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : options.port);
    });
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
