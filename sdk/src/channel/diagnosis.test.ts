import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCredentials } from "./credentials.js";
import { explainFailure, explainHangUp } from "./diagnosis.js";

const RECORDED = join(import.meta.dirname, "../../../testing/vectors/fisco-bcos-2.9.1");

test.each([
  ["standard/sdk", "sdk.crt"],
  ["sm/sdk/gm", "gmsdk.crt"],
])("who is hung up on after TLS with %s learns which file it is about", (folder, file) => {
  const { message } = explainHangUp("10.0.0.1:20200", readCredentials(join(RECORDED, folder)), undefined);
  expect(message).toContain(`Our certificate (${file}: CN=`);
  // The name of one file is the end of that of the other.
  expect(message.includes("gmsdk.crt")).toBe(file === "gmsdk.crt");
  expect(readFileSync(join(RECORDED, folder, file), "utf8")).toContain("BEGIN CERTIFICATE");
});

test("a node that is down is named once", () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:20200"), {
    code: "ECONNREFUSED",
    address: "10.0.0.1",
  });
  const credentials = readCredentials(join(RECORDED, "standard/sdk"));
  expect(explainFailure({ endpoint: "10.0.0.1:20200", cause, credentials }).message).toBe(
    "No TLS connection to 10.0.0.1:20200: connect ECONNREFUSED. Is the node running, and is this its rpc.channel_listen_port?",
  );
});
