import { defineConfig } from "vitest/config";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Unit tests run on the sources; only tests that start threads or processes need the build. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@tsbcos\/sm-tls$/, replacement: `${root}sm-tls/src/index.ts` },
      { find: /^@tsbcos\/sdk$/, replacement: `${root}sdk/src/index.ts` },
      { find: /^@tsbcos\/(core|node|sdk|testing)\/(.+)$/, replacement: `${root}$1/src/$2/index.ts` },
      { find: /^tsbcos\/(.+)$/, replacement: `${root}cli/src/$1/index.ts` },
    ],
  },
  test: {
    include: ["{core,sm-tls,node,sdk,cli,testing}/src/**/*.test.ts"],
    setupFiles: ["./tools/test-breath.mjs"],
    // Long enough for a machine that does ten other things: these end what hangs, and say nothing of how fast anything is.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
  },
});
