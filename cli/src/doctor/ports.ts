/** The ports of a node: free while it is down, answering while it runs. */
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { basename, dirname } from "node:path";
import { reachable, type NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";

const CHECK = "ports";
const ANSWER_WITHIN_MS = 2000;

interface Listener {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

function listenersOf(node: NodeFolder): Listener[] {
  return [
    { what: "P2P", host: node.p2pListen, port: node.p2pPort },
    { what: "channel", host: node.channelListen, port: node.channelPort },
    { what: "RPC", host: node.rpcListen, port: node.rpcPort },
  ];
}

/** Whether the folder is for this machine: one below `<ip>/` with the ip of another is to be carried there. */
export function isOfThisMachine(node: NodeFolder): boolean {
  const ip = basename(dirname(node.directory));
  if (isIP(ip) === 0 || ip.startsWith("127.") || ip === "::1" || ip === "0.0.0.0") return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === ip));
}

/**
 * Tries the ports of a node.
 *
 * @param isRunning whether its RPC answers
 */
export async function checkPorts(node: NodeFolder, isRunning: boolean, findings: Findings): Promise<void> {
  const listeners = listenersOf(node).filter(({ port }) => Number.isInteger(port) && port > 0 && port < 65536);
  const ports = listeners.map(({ port }) => port).join(", ");
  if (isRunning) {
    for (const listener of listeners) {
      if (await answers(listener)) continue;
      const remedy = `See the log of the node, and whether another address than ${listener.host} is meant.`;
      findings.error(
        CHECK,
        `The node runs, but its ${listener.what} port ${listener.port} takes no connection.`,
        remedy,
      );
    }
    findings.ok(CHECK, `${ports} take connections`);
    return;
  }
  for (const listener of listeners) await demandFree(listener, findings);
  findings.ok(CHECK, `${ports} are free`);
}

function answers({ host, port }: Listener): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: reachable(host), port, timeout: ANSWER_WITHIN_MS });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      done(result);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

async function demandFree({ what, host, port }: Listener, findings: Findings): Promise<void> {
  const code = await tryToListen(host, port);
  if (code === undefined) return;
  if (code === "EADDRINUSE") {
    const remedy = `Find it with:  ss -ltnp 'sport = :${port}'  and stop it, or change the port in config.ini.`;
    findings.error(CHECK, `The RPC of the node does not answer, but a program uses its ${what} port ${port}.`, remedy);
  } else if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    findings.error(
      CHECK,
      `The ${what} port is to listen on ${host}, which is no address of this machine.`,
      "Change the address in config.ini; 0.0.0.0 means all.",
    );
  } else {
    findings.error(
      CHECK,
      `The ${what} port ${port} on ${host} cannot be used: ${code}.`,
      "Change the port or the address in config.ini.",
    );
  }
}

/** Gives the code of the failure, undefined when it went well. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const probe = createServer().once("error", (error: NodeJS.ErrnoException) => {
      done(error.code ?? error.message);
    });
    probe.listen({ host, port }, () => {
      probe.close(() => {
        done(undefined);
      });
    });
  });
}

/** Nodes of one machine whose settings give the same port to two of them. */
export function checkSharedPorts(nodes: readonly NodeFolder[], findings: Findings): void {
  const users = new Map<string, string>();
  for (const node of nodes) {
    for (const { what, port } of listenersOf(node)) {
      const place = `${dirname(node.directory)} ${port}`;
      const other = users.get(place);
      const user = `${what} of ${node.name}`;
      if (other !== undefined)
        findings.error(CHECK, `${other} and ${user} have the same port ${port}.`, "Change one of them in config.ini.");
      users.set(place, user);
    }
  }
}
