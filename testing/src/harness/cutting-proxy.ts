/** Stands before a port and cuts the connections through it whenever a test says so. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A port of its own that leads to another one. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens a port of loopback that leads to `target`. */
  static async to(target: number): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server);
    server.on("connection", (near) => {
      const far = connect({ host: "127.0.0.1", port: target });
      for (const socket of [near, far]) {
        proxy.#sockets.add(socket);
        socket.setNoDelay(true).on("error", () => undefined);
        socket.once("close", () => {
          proxy.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Its port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection, in the middle of whatever is on its way. Gives their number. */
  cut(): number {
    const { size } = this.#sockets;
    for (const socket of [...this.#sockets]) socket.destroy();
    // One that is ending has lost a side already.
    return Math.ceil(size / 2);
  }

  /** Cuts everything and closes the port. */
  close(): void {
    this.#server.close();
    this.cut();
  }
}
