/** JSON-RPC over HTTP/1.1: one port, any path, POST only, no authentication. Meant for loopback and trusted networks. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CodedError } from "@tsbcos/core/primitives";
import type { RpcService } from "./service.js";

/** Bounds of what one client may cost. */
export interface HttpLimits {
  /** Largest body in bytes; the same as on the channel. */
  readonly bodyBytesMax: number;
  /** Bytes of all unfinished bodies together. */
  readonly pendingBytesMax: number;
  /** Connections at once. */
  readonly connectionsMax: number;
  /** A request must be complete within this time. */
  readonly requestTimeoutMs: number;
}

/** The defaults: generous for honest clients, bounded for others. */
export const HTTP_LIMITS: HttpLimits = {
  bodyBytesMax: 100 * 1024 * 1024,
  pendingBytesMax: 256 * 1024 * 1024,
  connectionsMax: 10_000,
  requestTimeoutMs: 60_000,
};

/** A listening port. */
export interface RpcHttpServer {
  /** The port it listens on. */
  readonly port: number;
  /** Stops listening, lets running requests finish for a moment, then closes every connection. */
  close(): Promise<void>;
}

const CLOSE_PATIENCE_MS = 1000;

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = { "Content-Type": "application/json" },
): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) }).end(body);
}

function createHandler(
  service: RpcService,
  limits: HttpLimits,
): (request: IncomingMessage, response: ServerResponse) => void {
  let pendingBytes = 0;

  function receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let length = 0;
    const release = (): void => {
      pendingBytes -= length;
      length = 0;
    };
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      pendingBytes += chunk.length;
      chunks.push(chunk);
      if (length > limits.bodyBytesMax || pendingBytes > limits.pendingBytesMax) {
        chunks.length = 0;
        answer(response, 413, "request too large", { "Content-Type": "text/plain", Connection: "close" });
        request.destroy();
      }
    });
    request.once("close", release);
    request.once("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      void service.handle(text).then((body) => {
        answer(response, 200, body);
      });
    });
  }

  return (request, response) => {
    // A client that goes away is no failure of ours.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (request.method === "POST") receive(request, response);
    else if (request.method === "OPTIONS") {
      answer(response, 200, "", {
        Allow: "POST, OPTIONS",
        "Access-Control-Allow-Headers": "origin, content-type, accept",
        DAV: "1",
      });
    } else answer(response, 405, "Not allowed HTTP Method");
  };
}

function listen(server: Server, address: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "another program uses it" : cause.message;
      reject(
        new CodedError(
          "rpc-listen-failed",
          `JSON-RPC cannot listen on ${address.host}:${address.port}: ${why}. Change jsonrpc_listen_port in config.ini.`,
          { cause },
        ),
      );
    });
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : address.port);
    });
  });
}

/**
 * Starts listening.
 *
 * @throws CodedError `rpc-listen-failed` (as a rejection) when the port cannot be had
 */
export async function startRpcHttpServer(options: {
  readonly host: string;
  readonly port: number;
  readonly service: RpcService;
  readonly limits?: HttpLimits;
}): Promise<RpcHttpServer> {
  const limits = options.limits ?? HTTP_LIMITS;
  const server = createServer(
    {
      requestTimeout: limits.requestTimeoutMs,
      ...{ headersTimeout: 10_000, keepAliveTimeout: 60_000, noDelay: true },
      // Hand-written clients of 2.x leave the header Host out.
      requireHostHeader: false,
    },
    createHandler(options.service, limits),
  );
  server.maxConnections = limits.connectionsMax;
  // Garbage instead of HTTP: the default answer, without an event that nobody listens to.
  server.on("clientError", (_error, socket) => {
    socket.destroy();
  });
  const port = await listen(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => {
          server.closeAllConnections();
        }, CLOSE_PATIENCE_MS);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
