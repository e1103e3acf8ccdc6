import { beforeEach, describe, expect, test } from "vitest";
import { changePeers, sortedPeers, type PeerEndpoint, type PeerHost } from "./peer-operations.js";

const LOCAL = (port: number): PeerEndpoint => ({ host: "127.0.0.1", port });
const V6 = { host: "::1", port: 5 };

let peers: readonly PeerEndpoint[];
let saved: readonly PeerEndpoint[] | undefined;
let saveFails: boolean;

beforeEach(() => {
  peers = [LOCAL(31301), LOCAL(31300)];
  saved = undefined;
  saveFails = false;
});

const host: PeerHost = {
  requestMax: 3,
  peersMax: 4,
  parse(text) {
    const match = /^(\[::1\]|[\d.]+):(\d+)$/.exec(text);
    return match === null ? undefined : { host: (match[1] as string).replace(/[[\]]/g, ""), port: Number(match[2]) };
  },
  peers: () => peers,
  save(list) {
    if (saveFails) throw new Error("fail to rename the config file");
    saved = list;
  },
  use(list) {
    peers = list;
  },
};

const add = (hosts: unknown) => changePeers("add", hosts, host);
const erase = (hosts: unknown) => changePeers("erase", hosts, host);

describe("adding and erasing", () => {
  test("puts them into the file and to use, each once, sorted by their text", () => {
    expect(add(["127.0.0.1:4", "[::1]:5", "127.0.0.1:4"])).toEqual({
      code: "0x0",
      message: "add peers :update config file successfully",
    });
    expect(saved).toEqual([LOCAL(31300), LOCAL(31301), LOCAL(4), V6]);
    expect(peers).toEqual(saved);
    expect(erase(["[::1]:5", "127.0.0.1:9"])).toEqual({
      code: "0x0",
      message: "erase peers :update config file successfully",
    });
    expect(peers).toEqual([LOCAL(31300), LOCAL(31301), LOCAL(4)]);
    expect(erase(["127.0.0.1:31300", "127.0.0.1:31301", "127.0.0.1:4"])).toMatchObject({ code: "0x0" });
    expect([peers, saved]).toEqual([[], []]);
  });

  test("of what changes nothing leaves the file alone", () => {
    expect(add(["127.0.0.1:31300"])).toEqual({
      code: "0x0",
      message: "add peers :all the inserted peers already exist",
    });
    expect(erase(["127.0.0.1:7"])).toEqual({ code: "0x0", message: "erase peers :none of the erased peers exist" });
    expect(saved).toBeUndefined();
  });

  test("has limits", () => {
    const many = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"];
    expect(add([...many, "127.0.0.1:4"])).toEqual({
      code: "0x1",
      message: "refused for too many param peers. peers_param_limit: 3",
    });
    expect(erase([...many, "127.0.0.1:4"])).toMatchObject({ code: "0x1" });
    expect(add(many)).toEqual({ code: "0x1", message: "refused for too many peers. max_nodes_limit: 4" });
    expect(peers).toHaveLength(2);
    expect(add(many.slice(1))).toMatchObject({ code: "0x0" });
  });

  test("changes nothing when the file cannot be written", () => {
    saveFails = true;
    expect(add(["127.0.0.1:1"])).toEqual({ code: "0x1", message: "fail to rename the config file" });
    expect(peers).toEqual([LOCAL(31301), LOCAL(31300)]);
  });
});

describe("B29: what a client sends instead of peers", () => {
  test.each([undefined, null, {}, "127.0.0.1:1", 7])("%j", (hosts) => {
    expect(add(hosts)).toEqual({ code: "0x7", message: "invalid params field, not array format json" });
  });
  test("nothing", () => {
    expect(erase([])).toEqual({ code: "0x7", message: "failed for empty host list, expect at least one peer" });
  });
  test.each(["nonsense", "", ":", "a:b", null, 7, ["127.0.0.1:1"]])("%j after a good one", (text) => {
    expect(add(["127.0.0.1:1", text])).toEqual({ code: "0x7", message: "invalid peer at position 2" });
    expect(saved).toBeUndefined();
  });
});

test("the order is that of host and port written one after the other", () => {
  expect(sortedPeers([LOCAL(9), LOCAL(10), { host: "10.0.0.1", port: 3 }])).toEqual([
    { host: "10.0.0.1", port: 3 },
    LOCAL(10),
    LOCAL(9),
  ]);
});
