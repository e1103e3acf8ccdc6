import { defineConfig } from "vitest/config";

/** End-to-end tests: real processes of the built programs, one test after the other. */
export default defineConfig({
  test: {
    include: ["testing/src/e2e/**/*.e2e.ts"],
    testTimeout: 180_000,
    hookTimeout: 90_000,
    fileParallelism: false,
    pool: "forks",
  },
});
