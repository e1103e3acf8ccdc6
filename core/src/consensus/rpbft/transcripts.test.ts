import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { retell } from "../testdata/transcript.js";

/** `npx vitest run core/src/consensus --update` writes down what happens now; read the difference before keeping it. */
const folder = fileURLToPath(new URL("../testdata/rpbft/", import.meta.url));

describe("stories of clusters", () => {
  for (const file of readdirSync(folder).sort()) {
    test(file.replace(".txt", "").replaceAll("-", " "), async () => {
      const path = `${folder}${file}`;
      await expect(retell(readFileSync(path, "utf8"))).toMatchFileSnapshot(path);
    });
  }
});
