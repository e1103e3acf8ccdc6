import { expect, test } from "vitest";
import { createMetrics } from "./index.js";

test("values are read at each scrape and keep their labels", async () => {
  const metrics = createMetrics({ withProcess: false });
  let height = 4;
  metrics.gauge({ name: "block_height", help: "Number of the newest block", labels: ["group"] }, () => [
    { labels: { group: "1" }, value: height },
  ]);
  metrics.counter({ name: "frames_total", help: "Frames received" }, () => height * 2);
  expect(await metrics.text()).toContain('tsbcos_block_height{group="1"} 4');
  height = 5;
  const text = await metrics.text();
  expect(text).toContain('tsbcos_block_height{group="1"} 5');
  expect(text).toContain("# TYPE tsbcos_frames_total counter\ntsbcos_frames_total 10");
});

test("a distribution counts what was observed", async () => {
  const metrics = createMetrics({ withProcess: false });
  const seconds = metrics.histogram({ name: "store_seconds", help: "Time to store a block" }, [0.1, 1]);
  seconds.observe(0.05);
  seconds.observe(0.5);
  expect(await metrics.text()).toContain('tsbcos_store_seconds_bucket{le="0.1"} 1');
});

test("a process has its memory among the metrics", async () => {
  expect(await createMetrics({ withProcess: true }).text()).toContain("process_resident_memory_bytes");
});
