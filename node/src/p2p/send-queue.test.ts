import { test } from "vitest";
import { expectToLetGo } from "../net/let-go.fixture.js";
import { SendQueue } from "./send-queue.js";

test("a frame that has left is let go of, although others still wait", async () => {
  await expectToLetGo((stream) => new SendQueue(stream));
});
