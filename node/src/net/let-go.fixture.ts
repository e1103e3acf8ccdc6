/** Whether a queue in front of a stream lets go of what has left, although others still wait. */
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
const BYTES = 1024 * 1024;

/** Puts three messages of a megabyte into the queue, lets the first leave, and looks for it in memory. */
export async function expectToLetGo(
  create: (stream: Writable) => { readonly bytes: number; push(message: Uint8Array): void },
): Promise<void> {
  const writes: (() => void)[] = [];
  const stream = new Writable({
    write: (_chunk, _encoding, done) => {
      writes.push(done);
    },
  });
  const queue = create(stream);
  const push = (): WeakRef<Uint8Array> => {
    const message = new Uint8Array(BYTES);
    queue.push(message);
    return new WeakRef(message);
  };
  const sent = push();
  push();
  push();
  await turn();
  writes.shift()?.();
  await turn();
  await turn();
  // The second is on its way and the third waits: the queue is not empty.
  expect(writes).toHaveLength(1);
  expect(queue.bytes).toBe(2 * BYTES);
  collectGarbage();
  await turn();
  collectGarbage();
  expect(sent.deref()).toBeUndefined();
}
