/** A port for encrypted connections at which strangers cost little. */
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { CodedError } from "@tsbcos/core/primitives";
import type { AcceptGate } from "./accept-gate.js";
import type { Endpoint } from "./endpoint.js";

/** What every port has. */
export interface PortOptions {
  readonly at: Endpoint;
  /** For the TLS handshake of an accepted connection. */
  readonly handshakeTimeoutMs: number;
  /** Code of the error when the port cannot be opened. */
  readonly errorCode: string;
  /** Who is expected, for that error: `other nodes`. */
  readonly expected: string;
  /**
   * A connection was given up before its handshake was over.
   *
   * @param reason a kebab-case code
   * @param detail what happened, for people, where more is known
   */
  refused(reason: string, remote: Endpoint, detail?: string): void;
}

/** An open port. */
export interface TlsListener {
  /** Where it listens: the port in use when 0 was asked for. */
  readonly address: Endpoint;
  /** Closes the port and every connection that was accepted. */
  close(): Promise<void>;
}

/**
 * Opens a port. Connections are turned away before they cost a handshake when there are too many.
 *
 * @param gate counts connections in their handshake; whoever performs it tells when it is over
 * @param begin takes a connection that may go on
 * @throws CodedError with the code of the options when that is not possible
 */
export async function openPort(
  options: PortOptions,
  gate: AcceptGate,
  begin: (socket: Socket, remote: Endpoint) => void,
): Promise<TlsListener> {
  const { at } = options;
  const server = createServer((socket) => {
    const remote = remoteOf(socket);
    const refusal = gate.refusal(remote);
    ignoreLateErrors(socket);
    if (refusal !== undefined) {
      socket.destroy();
      options.refused(refusal, remote);
      return;
    }
    gate.started(remote, socket);
    begin(socket, remote);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(listenFailure(options, cause));
    });
    server.listen(at.port, at.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        gate.destroyAll();
      }),
  };
}

/** A socket that fails when nobody has it any more must not end the process. */
export function ignoreLateErrors(socket: Socket): void {
  socket.on("error", () => undefined);
}

/** Where a connection comes from; host `unknown` for one that was over before anybody could ask. */
export function remoteOf(socket: Socket): Endpoint {
  return { host: socket.remoteAddress ?? "unknown", port: socket.remotePort ?? 0 };
}

function listenFailure({ at, errorCode, expected }: PortOptions, cause: NodeJS.ErrnoException): CodedError {
  const place = `${at.host} port ${String(at.port)}`;
  const reason = cause.code === "EADDRINUSE" ? "another program listens there" : cause.message;
  return new CodedError(errorCode, `cannot listen for ${expected} at ${place}: ${reason}`, { cause });
}
