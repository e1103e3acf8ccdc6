// Before every file of unit tests. Tests of pure code never wait: a file of them would keep its process busy to its end,
// vitest would not hear of it in the meantime, and on a slow machine it gives such a process up after a minute.
import { afterEach } from "vitest";

// The one of Node.js: tests put others in its place.
const turn = globalThis.setImmediate;

afterEach(() => new Promise((done) => turn(done)));
