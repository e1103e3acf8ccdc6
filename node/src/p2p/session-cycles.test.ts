import { afterEach, expect, test, vi } from "vitest";
import { closeAll, message, startNode, within } from "./network.fixture.js";

afterEach(closeAll);

/** Sockets and timers that are alive, by kind. */
function alive(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

test("B23: a peer that comes and goes leaves no socket, no timer and no session behind", async () => {
  const node = await startNode(0);
  const visit = async (): Promise<void> => {
    const seen = node.frames.length;
    const guest = await startNode(1, { staticPeers: [node.service.listening] });
    await vi.waitFor(() => {
      expect(guest.service.isConnected(node.nodeId) && node.service.isConnected(guest.nodeId)).toBe(true);
    }, within);
    guest.service.send([node.nodeId], message(new Uint8Array(100)));
    node.service.send([guest.nodeId], message(new Uint8Array(100)));
    await vi.waitFor(() => {
      expect(node.frames.length).toBe(seen + 1);
    }, within);
    await guest.service.close();
    await vi.waitFor(() => {
      expect(node.service.peers()).toEqual([]);
    }, within);
  };
  await visit();
  const before = alive();
  for (let times = 0; times < 30; times++) await visit();
  await vi.waitFor(() => {
    const after = alive();
    for (const kind of ["TCPSocketWrap", "TLSWrap", "Timeout"]) {
      expect(after[kind] ?? 0, kind).toBeLessThanOrEqual((before[kind] ?? 0) + 2);
    }
  }, within);
  expect(node.service.statistics().sessions).toBe(0);
});
