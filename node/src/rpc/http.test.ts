import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HTTP_LIMITS, startRpcHttpServer, type RpcHttpServer } from "./http.js";

let server: RpcHttpServer;
let url: string;

beforeAll(async () => {
  server = await startRpcHttpServer({
    host: "127.0.0.1",
    port: 0,
    service: { handle: (text) => Promise.resolve(`got ${text.length}\n`) },
    limits: { ...HTTP_LIMITS, bodyBytesMax: 1000 },
  });
  url = `http://127.0.0.1:${server.port}/any/path?and=query`;
});
afterAll(() => server.close());

describe("HTTP", () => {
  test("POST is answered with status 200, whatever path and content type", async () => {
    const response = await fetch(url, { method: "POST", body: "12345", headers: { "content-type": "text/plain" } });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "application/json",
      "got 5\n",
    ]);
  });

  test("OPTIONS and other verbs", async () => {
    const options = await fetch(url, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow"), options.headers.get("dav"), await options.text()]).toEqual([
      200,
      "POST, OPTIONS",
      "1",
      "",
    ]);
    const get = await fetch(url);
    expect([get.status, await get.text()]).toEqual([405, "Not allowed HTTP Method"]);
  });

  test("B20: a body over the limit ends the connection, and the server goes on", async () => {
    const tooLarge = fetch(url, { method: "POST", body: "x".repeat(5000) }).then(
      (response) => response.status,
      () => "closed",
    );
    expect([413, "closed"]).toContain(await tooLarge);
    expect((await fetch(url, { method: "POST", body: "1" })).status).toBe(200);
  });

  test("B20: bytes that are no HTTP end the connection, and the server goes on", async () => {
    const closed = new Promise<void>((done) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.write("\u0016\u0003garbage\r\n\r\n"));
      socket
        .on("error", () => undefined)
        .on("close", () => {
          done();
        });
      socket.resume();
    });
    await closed;
    expect((await fetch(url, { method: "POST", body: "1" })).status).toBe(200);
  });

  test("a request without the header Host is answered", async () => {
    const answer = new Promise<string>((done) => {
      const socket = connect(server.port, "127.0.0.1", () =>
        socket.write("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"),
      );
      let text = "";
      socket
        .on("data", (bytes) => (text += bytes.toString("utf8")))
        .on("close", () => {
          done(text);
        });
    });
    expect(await answer).toMatch(/^HTTP\/1.1 200 OK\r\n.*got 3\n$/s);
  });

  test("a port in use is refused with what to do", async () => {
    const second = startRpcHttpServer({
      host: "127.0.0.1",
      port: server.port,
      service: { handle: () => Promise.resolve("") },
    });
    await expect(second).rejects.toThrow(/another program uses it.*jsonrpc_listen_port/s);
  });
});
