import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openStore } from "@tsbcos/node/storage";
import { keyValueConformance } from "./key-value.js";

const parent = mkdtempSync(join(tmpdir(), "tsbcos-conformance-"));
let stores = 0;
afterAll(() => {
  rmSync(parent, { recursive: true });
});

const reopen = (): ReturnType<typeof openStore> => openStore({ directory: join(parent, String(stores)) });

keyValueConformance("on disk", {
  create() {
    stores++;
    return reopen();
  },
  reopen,
});
