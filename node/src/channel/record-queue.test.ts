import { test } from "vitest";
import { expectToLetGo } from "../net/let-go.fixture.js";
import { RecordQueue } from "./record-queue.js";

test("a message that has left is let go of, although others still wait", async () => {
  await expectToLetGo((stream) => new RecordQueue(stream, () => undefined));
});
