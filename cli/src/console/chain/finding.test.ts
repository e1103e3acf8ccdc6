import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { destinationOf } from "./connection.js";
import { chainNear } from "./found-chain.js";
import { readJavaSettings } from "./java-settings.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-finding-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const node = (channel: number, rpc: number, listen: string): string =>
  `[rpc]\nchannel_listen_ip=${listen}\nchannel_listen_port=${channel}\njsonrpc_listen_ip=127.0.0.1\njsonrpc_listen_port=${rpc}\n`;

function writeChain(root: string): void {
  write(`${root}/127.0.0.1/node0/config.ini`, node(20200, 8545, "0.0.0.0"));
  write(`${root}/10.1.2.3/node0/config.ini`, node(20210, 8555, "0.0.0.0"));
  write(`${root}/127.0.0.1/sdk/ca.crt`, "");
}

describe("a chain is found", () => {
  test.each([".", "chain", "chain/127.0.0.1", "chain/127.0.0.1/node0", "chain/127.0.0.1/sdk", "elsewhere/deep"])(
    "from %s",
    (place) => {
      writeChain("chain");
      mkdirSync(join(folder, "elsewhere", "deep"), { recursive: true });
      const { from, ways } = destinationOf({}, join(folder, place));
      expect(from).toBe(join(folder, "chain"));
      const [channel, rpc] = ways;
      expect(channel?.tls).toBe(join(folder, "chain", "127.0.0.1", "sdk"));
      expect([...(channel?.nodes ?? [])].sort()).toEqual(["10.1.2.3:20210", "127.0.0.1:20200"]);
      expect(rpc).toMatchObject({ tls: undefined });
      expect(rpc?.nodes).toContain("http://127.0.0.1:8545");
    },
  );

  test("whatever else is called config.toml on the way there", () => {
    writeChain("chain");
    mkdirSync(join(folder, "chain", "127.0.0.1", "config.toml"), { recursive: true });
    write("chain/127.0.0.1/node0/config.toml", "[package]\n");
    expect(destinationOf({}, join(folder, "chain/127.0.0.1/node0")).from).toBe(join(folder, "chain"));
  });

  test("and another program's config.ini is none", () => {
    write("chain/other/config.ini", "[x]\n");
    write("config.ini", "[x]\n");
    expect(chainNear(folder)).toBeUndefined();
  });
});

describe("the settings of a Java console", () => {
  const SETTINGS = `
[cryptoMaterial]
certPath = "conf"   # a remark
[network]
peers = [
  "127.0.0.1:20200",
  '127.0.0.1:20201', # another
]
[account]
keyStoreDir = "keys"
accountAddress = "0x12"
password = "secret"
[threadPool]
maxBlockingQueueSize = "102400"
`;

  test("are found from its folder, and paths count from there", () => {
    write("console/conf/config.toml", SETTINGS);
    mkdirSync(join(folder, "console", "contracts"));
    const home = join(folder, "console");
    expect(destinationOf({}, join(home, "contracts")).settings).toEqual({
      file: join(home, "conf", "config.toml"),
      home,
      certificates: join(home, "conf"),
      peers: ["127.0.0.1:20200", "127.0.0.1:20201"],
      accountFolder: join(home, "keys"),
      account: "0x12",
      password: "secret",
    });
  });

  test.each([
    ["[network", "cannot be read"],
    ["[network]\npeers = []", "peers of [network] is a list"],
    ['[network]\npeers = "127.0.0.1:20200"', "peers of [network] is a list"],
    ['[network]\npeers = ["a:1"]\n[account]\nkeyStoreDir = 1', "keyStoreDir of [account] is a text"],
  ])("%j are refused with what is wrong", (text, message) => {
    write("config.toml", text);
    expect(() => readJavaSettings(join(folder, "config.toml"))).toThrow(message);
  });
});

describe("where a console goes", () => {
  test("what the command line says counts first, then a Java console, then a chain", () => {
    writeChain("chain");
    const of = (options: Parameters<typeof destinationOf>[0]): ReturnType<typeof destinationOf> =>
      destinationOf(options, folder);
    expect(of({})).toMatchObject({ from: join(folder, "chain"), home: { directory: join(folder, "chain", "console") } });
    write("config.toml", '[network]\npeers = ["127.0.0.1:1"]');
    expect(of({})).toMatchObject({ from: join(folder, "config.toml"), home: { directory: folder } });
    expect(of({ chain: "chain" }).from).toBe(join(folder, "chain"));
    expect(of({ rpc: ["http://127.0.0.1:2"], home: "h" })).toMatchObject({
      ways: [{ nodes: ["http://127.0.0.1:2"], tls: undefined }],
      home: { directory: join(folder, "h") },
    });
    expect(of({ nodes: ["127.0.0.1:3"], tls: "sdk" })).toMatchObject({ ways: [{ tls: join(folder, "sdk") }] });
    expect(() => of({ nodes: ["127.0.0.1:3"] })).toThrow("--tls");
  });

  test("the nearest counts", () => {
    write("config.toml", '[network]\npeers = ["127.0.0.1:1"]');
    writeChain("deeper/chain");
    expect(destinationOf({}, join(folder, "deeper")).from).toBe(join(folder, "deeper", "chain"));
    expect(destinationOf({}, folder).from).toBe(join(folder, "config.toml"));
  });

  test("certificates for SM TLS are tried where they are", () => {
    write("conf/config.toml", '[network]\npeers = ["127.0.0.1:1"]');
    write("conf/gm/gmca.crt", "");
    const { ways } = destinationOf({}, folder);
    expect(ways.map(({ tls }) => tls)).toEqual([join(folder, "conf"), join(folder, "conf", "gm")]);
  });

  test("nodes of their own get a folder of their own, unless this is the folder of a console", () => {
    const of = (): string => destinationOf({ rpc: ["http://127.0.0.1:2"] }, folder).home.directory;
    expect(of()).toMatch(/\.tsbcos\/console\/127\.0\.0\.1-2$/);
    mkdirSync(join(folder, "contracts"));
    expect(of()).toBe(folder);
  });

  test("without any it says how to name one", () => {
    expect(() => destinationOf({}, folder)).toThrow(/npm start[^]*--nodes[^]*--rpc/);
    expect(() => destinationOf({ rpc: ["http://127.0.0.1:2", "127.0.0.1:3"] }, folder)).toThrow(
      'not "127.0.0.1:3"',
    );
  });
});
