import { expect, test } from "vitest";
import { createRandom } from "./index.js";
import { Line } from "./line.js";

test("a line gives what it was given, in order, as an array would", () => {
  const random = createRandom("line");
  const line = new Line<number>();
  const model: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    // Longer than the gap at times, and empty at times.
    const grows = Math.floor(step / 4000) % 2 === 0 ? 3 : 1;
    if (random.below(4) < grows) {
      line.push(step);
      model.push(step);
    } else {
      expect(line.take()).toBe(model.shift());
    }
    if (model.length > 0 && random.below(10) === 0) {
      line.replaceFirst(-step);
      model[0] = -step;
    }
    expect([line.length, line.first]).toEqual([model.length, model[0]]);
  }
  line.push(1);
  line.clear();
  expect([line.length, line.first, line.take()]).toEqual([0, undefined, undefined]);
});
