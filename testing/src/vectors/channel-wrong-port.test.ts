/** What the SDK says of ports that are not the channel's, or speak another kind of TLS. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { connect } from "@tsbcos/sdk";
import { afterEach, expect, test } from "vitest";
import { SDK_FOLDER } from "./channel-node.js";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

/** Connects with something that does this once it heard the beginning of TLS. */
async function connecting(answer: (socket: Socket) => void): Promise<unknown> {
  const listener = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", () => {
        answer(socket);
      });
  });
  server = listener;
  await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening));
  const { port } = listener.address() as AddressInfo;
  return connect({ nodes: `127.0.0.1:${port}`, tls: SDK_FOLDER, timeoutMs: 60_000 });
}

test("one that ends the connection before it shows a certificate, as a JSON-RPC port does", async () => {
  await expect(connecting((socket) => socket.destroy())).rejects.toThrow(
    /: it closed the connection in the middle of the TLS handshake\. It showed no certificate\. Is this its rpc\.channel_listen_port/,
  );
});

test("one of SM TLS: its alert is told without the files and lines of OpenSSL around it", async () => {
  const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
  await expect(connecting((socket) => socket.end(alert))).rejects.toThrow(
    /^No TLS connection to [\d.:]+: [a-z0-9 /]*handshake failure\. It showed no certificate\..*SM TLS.*sdk\/gm/,
  );
});
