import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chainPlaceIn, chainPlaceNear } from "./nearby.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-nearby-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (path: string): string => join(folder, path);

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

const SETTINGS = "[rpc]\njsonrpc_listen_port=8545\n";

describe("the nearest chain", () => {
  test.each([
    [".", "chain"],
    ["chain", "chain"],
    ["chain/cert", "chain"],
    ["chain/127.0.0.1", "chain/127.0.0.1"],
    ["chain/127.0.0.1/sdk", "chain/127.0.0.1"],
    ["chain/127.0.0.1/node0", "chain/127.0.0.1/node0"],
    ["chain/127.0.0.1/node0/conf", "chain/127.0.0.1/node0"],
    ["elsewhere/deep", "chain"],
  ])("of %s is %s, and its root is that of the chain", (from, place) => {
    write("chain/127.0.0.1/node0/config.ini", SETTINGS);
    mkdirSync(at(from), { recursive: true });
    expect(chainPlaceNear(at(from))).toEqual({ place: at(place), root: at("chain") });
  });

  test("may have node folders of any name, such as those of -D", () => {
    write("nodes/10.0.0.1/node_10.0.0.1_30300/config.ini", SETTINGS);
    expect(chainPlaceNear(folder).place).toBe(at("nodes"));
    expect(chainPlaceNear(at("nodes/10.0.0.1/node_10.0.0.1_30300")).root).toBe(at("nodes"));
  });

  test("may lie in folders of machines that are named after hosts", () => {
    const peers = "[p2p]\nnode.0=alpha:30300\nnode.1=beta:30300\n";
    for (const host of ["alpha", "beta"]) {
      write(`nodes/${host}/node0/config.ini`, SETTINGS + peers);
      write(`nodes/${host}/start_all.sh`, "");
    }
    const root = at("nodes");
    expect(chainPlaceNear(folder)).toEqual({ place: root, root });
    expect(chainPlaceNear(at("nodes/beta/node0"))).toEqual({ place: at("nodes/beta/node0"), root });
    // One that was carried elsewhere, and called as somebody liked, is a chain by itself.
    write("opt/ours/node0/config.ini", SETTINGS + peers);
    write("opt/ours/start_all.sh", "");
    expect(chainPlaceNear(at("opt/ours"))).toEqual({ place: at("opt/ours"), root: at("opt/ours") });
  });

  test("is not made of the settings of other programs", () => {
    write("config.ini", "[server]\nport=1\n");
    write("chain/127.0.0.1/node0/config.ini", "[server]\nport=1\n");
    expect(chainPlaceIn(folder)).toBeUndefined();
    mkdirSync(at("chain/127.0.0.1/node1/config.ini"), { recursive: true });
    expect(chainPlaceIn(folder)).toBeUndefined();
  });

  test("that is missing is told of with where it was looked for", () => {
    expect(() => chainPlaceNear(folder)).toThrow(`in ./nodes or in a folder above (${folder})`);
  });
});
