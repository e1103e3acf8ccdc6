import { beforeAll, describe, expect, test } from "vitest";
import { createSeededRandom } from "@tsbcos/core/primitives";
import type { SmTlsCredentials, SmTlsSuite } from "@tsbcos/core/sm-tls";
import { createSmRoot, credentialsOf, smCredentials } from "./certificates.fixture.js";
import { converse } from "./conversation.fixture.js";

let client: SmTlsCredentials;
let server: SmTlsCredentials;
beforeAll(() => {
  const root = createSmRoot("gmchain");
  const agency = root.issue({ name: "agency", kind: "authority" });
  client = smCredentials(root, agency, "node0");
  server = smCredentials(root, agency, "node1");
});

test("x", () => {
  for (const suite of ["ecdhe", "ecc"] as SmTlsSuite[]) {
    const talk = converse({ client, server, clientSuites: [suite] });
    talk.settle();
    expect(talk.client.failure ?? talk.server.failure).toBeUndefined();
    expect(talk.server.peer?.suite).toBe(suite);
  }
});
