import { defineConfig } from "vitest/config";

/** End-to-end tests: real processes of the built programs, one test after the other. */
export default defineConfig({
  test: {
    include: ["testing/src/e2e/**/*.e2e.ts"],
    // For a machine many times slower than it takes: what hangs is told late, what is slow is not told at all.
    testTimeout: 900_000,
    hookTimeout: 600_000,
    // Real time, real processes, whatever else the machine does: one second chance, which the report shows.
    retry: 1,
    fileParallelism: false,
    pool: "forks",
  },
});
