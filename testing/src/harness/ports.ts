/** Ports for the nodes of a chain under test, which nobody else takes between the choice and the use. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Blocks of ports that chains are given: the last one of a block is not given away, but held as a sign that it is taken. */
const BLOCK_PORTS = 40;
const LOWEST_PORT = 10_240;
const HIGHEST_PORT = 32_767;
/** From here on, most systems take ports for outgoing connections. */
const USUAL_EPHEMERAL: readonly [number, number] = [32_768, 60_999];

/** Where the system takes ports for outgoing connections from: a node that is restarted could find its own port taken. */
function ephemeralPorts(): readonly [number, number] {
  try {
    const [low, high] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    return [low ?? USUAL_EPHEMERAL[0], high ?? USUAL_EPHEMERAL[1]];
  } catch {
    return USUAL_EPHEMERAL;
  }
}

/** Beginnings of blocks outside of those, or of all when a system leaves nothing else. */
function blocks(): readonly number[] {
  const [low, high] = ephemeralPorts();
  const count = Math.floor((HIGHEST_PORT + 1 - LOWEST_PORT) / BLOCK_PORTS);
  const all = Array.from({ length: count }, (_, index) => LOWEST_PORT + index * BLOCK_PORTS);
  const apart = all.filter((base) => base + BLOCK_PORTS <= low || base > high);
  return apart.length > 0 ? apart : all;
}

/** Listens on the port; undefined when somebody else does. */
function hold(port: number): Promise<Server | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => {
      done(undefined);
    });
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => {
      done(server);
    });
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = await hold(port);
  if (server === undefined) return false;
  await new Promise((done) => server.close(done));
  return true;
}

/**
 * The first of free ports in a row, more than any chain under test needs. They stay this process's until it ends: tests
 * that run beside it choose others.
 */
export async function freePorts(): Promise<number> {
  const bases = blocks();
  for (let attempt = 0; attempt < 10 * bases.length; attempt++) {
    const base = bases[randomInt(bases.length)] as number;
    const sign = await hold(base + BLOCK_PORTS - 1);
    if (sign === undefined) continue;
    const ports = Array.from({ length: BLOCK_PORTS - 1 }, (_, offset) => base + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) {
      sign.unref();
      return base;
    }
    sign.close();
  }
  throw new Error("there are no free ports in a row");
}
