import { defineConfig } from "vitest/config";

/** Clients of other makes against real chains: needs their tools and the network, says so and does nothing without. */
export default defineConfig({
  test: {
    include: ["testing/src/interop/**/*.e2e.ts"],
    // For a machine many times slower than it takes: what hangs is told late, what is slow is not told at all.
    testTimeout: 900_000,
    hookTimeout: 600_000,
    // As for the end-to-end tests: real time, real processes, one second chance.
    retry: 1,
    pool: "forks",
  },
});
