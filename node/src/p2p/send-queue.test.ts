import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { SendQueue } from "./send-queue.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

test("a frame that has left is let go of, although others still wait", async () => {
  const writes: (() => void)[] = [];
  const stream = new Writable({
    write: (_chunk, _encoding, done) => {
      writes.push(done);
    },
  });
  const queue = new SendQueue(stream);
  const push = (): WeakRef<Uint8Array> => {
    const bytes = new Uint8Array(1024 * 1024);
    queue.push(bytes);
    return new WeakRef(bytes);
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
  expect(queue.bytes).toBe(2 * 1024 * 1024);
  collectGarbage();
  await turn();
  collectGarbage();
  expect(sent.deref()).toBeUndefined();
});
