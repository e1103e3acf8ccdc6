import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNodeFolders, readList, readNodeFolder, readSetting, writeList, writeSetting } from "./index.js";

const TEXT = `; what it is
[rpc]
    channel_listen_port=20200
    ;jsonrpc_listen_port=1
    jsonrpc_listen_port = 8545
[p2p]
    listen_port=30300
    ; others
    node.0=127.0.0.1:30300
    node.1=[::1]:30301

    node.2=
[chain]
    sm_crypto=true
`;

describe("settings as text", () => {
  test("are read by section and key; comments and empty values are not there", () => {
    expect(readSetting(TEXT, "rpc", "jsonrpc_listen_port")).toBe("8545");
    expect(readSetting(TEXT, "p2p", "jsonrpc_listen_port")).toBeUndefined();
    expect(readSetting(TEXT, "p2p", "node.2")).toBeUndefined();
    expect(readList(TEXT, "p2p", "node.")).toEqual(["127.0.0.1:30300", "[::1]:30301"]);
  });

  test("change in their lines, everything else stays", () => {
    const changed = writeSetting(TEXT, "rpc", "jsonrpc_listen_port", "9000");
    expect(changed.split("\n").filter((line, index) => line !== TEXT.split("\n")[index])).toEqual([
      "    jsonrpc_listen_port =9000",
    ]);
    expect(readSetting(writeSetting(TEXT, "rpc", "new", "$&"), "rpc", "new")).toBe("$&");
    expect(readSetting(writeSetting(TEXT, "own", "new", "x"), "own", "new")).toBe("x");
  });

  test("lists are numbered anew in their place, or put where there was none", () => {
    const changed = writeList(TEXT, "p2p", "node.", ["a:1", "b:2", "c:3"]);
    expect(readList(changed, "p2p", "node.")).toEqual(["a:1", "b:2", "c:3"]);
    expect(changed).toContain("    ; others\n    node.0=a:1\n    node.1=b:2\n    node.2=c:3\n\n[chain]");
    expect(readList(writeList(TEXT, "chain", "x.", ["1"]), "chain", "x.")).toEqual(["1"]);
    expect(readList(writeList(TEXT, "own", "x.", ["1"]), "own", "x.")).toEqual(["1"]);
  });
});

describe("folders of nodes", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsbcos-folders-"));
    for (const name of ["host/node10", "host/node2", "host/sdk", "other"]) {
      mkdirSync(join(folder, name, "conf"), { recursive: true });
    }
    for (const node of ["host/node10", "host/node2"]) writeFileSync(join(folder, node, "config.ini"), TEXT);
    for (const group of ["group.10.genesis", "group.2.genesis", "group.3.ini", "group.x.genesis"]) {
      writeFileSync(join(folder, "host/node2/conf", group), "");
    }
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("are found from the chain, the machine, the node and the file", () => {
    const names = (path: string): string[] => findNodeFolders(join(folder, path)).map((node) => node.name);
    expect(names(".")).toEqual(["node2", "node10"]);
    expect(names("host")).toEqual(["node2", "node10"]);
    expect(names("host/node2")).toEqual(["node2"]);
    expect(names("host/node10/config.ini")).toEqual(["node10"]);
  });

  test("what is none is said with what was looked for", () => {
    expect(() => findNodeFolders(join(folder, "other"))).toThrow(/holds no nodes/);
    expect(() => findNodeFolders(join(folder, "absent"))).toThrow(/^There is no .*absent\. Name another folder/);
    expect(() => readNodeFolder(join(folder, "other"))).toThrow(
      /There is no .*config\.ini\. Name the folder of a node/,
    );
  });

  test("say what their settings mean", () => {
    const node = readNodeFolder(join(folder, "host/node2"));
    expect(node).toMatchObject({ p2pPort: 30300, channelPort: 20200, rpcPort: 8545, groups: [2, 10], chainId: "1" });
    expect(node.rpcUrl).toBe("http://127.0.0.1:8545");
    // Without a version it is one of old, where the key file decides.
    expect([node.sm, node.supportedVersion]).toEqual([false, "2.0.0-rc1"]);
    writeFileSync(join(folder, "host/node2/conf/gmnode.key"), "");
    expect(readNodeFolder(join(folder, "host/node2"))).toMatchObject({
      sm: true,
      keyFile: join(folder, "host/node2/conf/gmnode.key"),
    });
    const newer = writeSetting(TEXT, "compatibility", "supported_version", "2.9.0");
    writeFileSync(
      join(folder, "host/node10/config.ini"),
      `${newer}[rpc2]\n`.replace("[rpc]", "[rpc]\njsonrpc_listen_ip=::"),
    );
    expect(readNodeFolder(join(folder, "host/node10"))).toMatchObject({ sm: true, rpcUrl: "http://[::1]:8545" });
  });
});
