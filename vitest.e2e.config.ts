import { defineConfig } from "vitest/config";

/** End-to-end tests: real processes of the built programs, one test after the other. */
export default defineConfig({
  test: {
    include: ["testing/src/e2e/**/*.e2e.ts"],
    testTimeout: 180_000,
    hookTimeout: 90_000,
    // Real time, real processes, whatever else the machine does: one second chance, which the report shows.
    retry: 1,
    fileParallelism: false,
    pool: "forks",
  },
});
