import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, type Client } from "@tsbcos/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain, until } from "../harness/index.js";

/** A chain whose certificates end soon, all of them, is renewed while it runs, as an operator would do it. */

const COMMAND = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

interface Finding {
  readonly severity: string;
  readonly subject: string;
  readonly check: string;
  readonly message: string;
  readonly remedy?: string;
}

describe.each([
  ["a standard chain", [], ["cert", "cert/agency"], "."],
  ["an SM chain, over SM TLS", ["-g", "-G"], ["gmcert", "gmcert/agency-gm", "cert", "cert/agency"], "gm"],
] as const)("%s", (_name, words, authorities, sdk) => {
  let chain: TestChain;
  beforeAll(async () => {
    chain = await TestChain.build([...words, "-X", "20"]);
    await chain.start();
  });
  afterAll(() => chain.dispose());

  function command(...more: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...more], { encoding: "utf8" });
    expect([stderr, status]).toEqual(["", 0]);
    return stdout;
  }

  const renew = (path: string): string => command("chain", "renew", path, "-X", "400");

  /** What the doctor warns of. Nothing is ever wrong with this chain. */
  function warnings(): readonly Finding[] {
    const { stdout } = spawnSync(process.execPath, [COMMAND, "doctor", chain.directory, "--json"], {
      encoding: "utf8",
    });
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    return findings.filter(({ severity }) => severity === "warning");
  }

  const clientOf = (): Promise<Client> =>
    connect({
      nodes: chain.nodes.map(({ channelPort }) => `127.0.0.1:${channelPort}`),
      tls: join(chain.sdkFolder, sdk),
    });

  /** A transaction of a client that connects anew, over the channel. */
  async function transact(): Promise<number> {
    const client = await clientOf();
    try {
      return (await client.execute({ data: new Uint8Array(0) })).blockNumber;
    } finally {
      await client.close();
    }
  }

  const leafEnds = (file: string): number =>
    Math.round((Date.parse(new X509Certificate(chain.node(0).read(file)).validTo) - Date.now()) / 86_400_000);

  test("is warned of by the doctor, with the commands that help", () => {
    const found = warnings();
    expect(
      found.every(({ check, message }) => check === "certificates" && message.includes("expires in 19 days")),
    ).toBe(true);
    const remedies = found.map(({ remedy }) => remedy);
    for (const { directory } of chain.nodes) {
      expect(remedies).toContain(`tsbcos chain renew ${directory}  (key and names stay)`);
      expect(remedies).toContain(
        `First tsbcos chain renew ${join(chain.directory, authorities[0])}, then here tsbcos chain renew ${directory}`,
      );
    }
  });

  test("goes on while its authorities, its nodes one by one and its SDK are renewed", async () => {
    const ids = chain.nodes.map(({ nodeId }) => nodeId);
    await transact();
    for (const authority of authorities) renew(join(chain.directory, authority));
    for (const node of chain.nodes) {
      expect(renew(node.directory)).toContain(`tsbcos doctor ${node.directory}`);
      // Until it is restarted it shows the old one, which somebody may forget.
      let forgotten: readonly Finding[] = [];
      await until("the doctor has an answer of the node", () => {
        forgotten = warnings().filter(({ check }) => check === "running");
        return forgotten.length > 0;
      });
      expect(forgotten.map(({ subject }) => subject)).toEqual([node.directory]);
      expect(forgotten[0]?.remedy).toContain(`${node.directory}/stop.sh`);
      expect(await node.end("SIGTERM")).toBe(0);
      // Three nodes, of which some have new certificates and some old ones, make blocks.
      await transact();
      node.start();
      await chain.connected(node);
      await chain.reached(await transact());
    }
    renew(chain.sdkFolder);
    const height = await transact();
    await chain.reached(height);
    expect(await chain.agreedHashes(height)).toHaveLength(height + 1);
    expect(chain.nodes.map(({ nodeId }) => nodeId)).toEqual(ids);
    const leaves =
      words.length === 0 ? ["conf/node.crt", "conf/channel_cert/node.crt"] : ["conf/gmnode.crt", "conf/gmennode.crt"];
    expect(leaves.map(leafEnds)).toEqual([400, 400]);
  });

  test("has nothing left to be warned of", () => {
    expect(warnings()).toEqual([]);
  });
});
