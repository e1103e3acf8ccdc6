import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError, groupId } from "@tsbcos/core/primitives";
import { V2_0_0, V2_1_0, V2_2_0, V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import { afterAll, describe, expect, test } from "vitest";
import { readGenesisConfig } from "./genesis-config.js";
import { readGroupConfig } from "./group-config.js";
import {
  checkConfiguration,
  describeProblem,
  loadConfiguration,
  loadGroup,
  loadSdkAllowlist,
  loadWhitelist,
} from "./index.js";
import type { GroupConfig, NodeConfig, Problem } from "./index.js";
import { parseIni } from "./ini.js";
import { readNodeConfig } from "./node-config.js";

const RECORDINGS = fileURLToPath(new URL("../../../testing/vectors/fisco-bcos-2.9.1/", import.meta.url));
const CHAINS = ["standard", "sm", "raft", "rpbft", "free-storage", "versions/2.0.0", "versions/2.5.0"];
const ID = "0123456789abcdef".repeat(8);
const GENESIS = `[group]\nid=1\ntimestamp=1\n[consensus]\nnode.0=${ID}\n`;

const directory = mkdtempSync(join(tmpdir(), "tsbcos-config-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function readNode(text: string, exists = false): { config: NodeConfig; problems: Problem[] } {
  const problems: Problem[] = [];
  return { config: readNodeConfig(parseIni(text, "config.ini", problems), problems, () => exists), problems };
}

function readGroup(text: string, version: SupportedVersion = V2_9_0): { config: GroupConfig; problems: Problem[] } {
  const problems: Problem[] = [];
  return { config: readGroupConfig(parseIni(text, "group.1.ini", problems), problems, { version }), problems };
}

function readGenesis(
  text: string,
  version: SupportedVersion = V2_9_0,
): ReturnType<typeof readGenesisConfig> & { problems: Problem[] } {
  const problems: Problem[] = [];
  const document = parseIni(text, "group.1.genesis", problems);
  return { ...readGenesisConfig(document, problems, { groupId: groupId(1), version }), problems };
}

const VERSION = "[compatibility]\nsupported_version=2.9.0\n";

/** A node's folder made of recorded files, with the changes a test wants. */
function nodeFolder(chain: string, change: (file: string, text: string) => string = (_, text) => text): string {
  const folder = mkdtempSync(join(directory, "node-"));
  mkdirSync(join(folder, "conf"));
  for (const [name, target] of [
    ["config.ini", "config.ini"],
    ["group.1.genesis", "conf/group.1.genesis"],
    ["group.1.ini", "conf/group.1.ini"],
  ] as const) {
    const text = readFileSync(`${RECORDINGS}${chain}/${name}`, "utf8");
    const path = text.replace("group_config_path=conf/", `group_config_path=${folder}/conf/`);
    writeFileSync(join(folder, target), change(name, path));
  }
  return folder;
}

describe("recorded chains", () => {
  test.each(CHAINS)("%s: the files of the chain builder are taken as they are, without a warning", (chain) => {
    const { value, warnings } = loadConfiguration(join(nodeFolder(chain), "config.ini"));
    expect(warnings.map(describeProblem)).toEqual([]);
    expect(value.node.p2p.peers).toHaveLength(4);
    expect(value.groups).toHaveLength(1);
    expect(value.groups[0]?.genesis.nodes).toHaveLength(4);
  });

  test("what they say arrives", () => {
    const folder = nodeFolder("standard");
    const { node, groups } = loadConfiguration(join(folder, "config.ini")).value;
    expect(node).toMatchObject({
      supportedVersion: V2_9_0,
      supportedVersionText: "2.9.0",
      chain: { id: 1n, sm: false, smChannel: false, rsaChannel: true },
      rpc: { channel: { host: "127.0.0.1", port: 21200 }, jsonRpc: { host: "127.0.0.1", port: 9545 } },
      p2p: { listen: { host: "127.0.0.1", port: 31300 }, compress: true, peersParamLimit: 10, maxNodesLimit: 100 },
      blacklist: [],
      whitelist: [],
      networkSecurity: { keyFile: "conf/node.key", certificateFile: "conf/node.crt", caFile: "conf/ca.crt" },
      log: { path: "./log", level: "info", fileBytesMax: 200 * 1024 * 1024, flush: true, format: "text" },
      flowControl: { requestsPerSecond: undefined, outgoingBytesPerSecond: undefined },
      metrics: undefined,
    });
    expect(groups[0]?.genesis).toMatchObject({
      groupId: 1,
      timestamp: 1795363151000,
      consensusType: "pbft",
      stateType: "storage",
      maxTransactions: 1000,
      gasLimit: 300000000,
      consensusTimeoutSeconds: 3,
      epochSealerCount: 4,
      epochBlockCount: 1000,
      freeStorage: false,
    });
    expect(groups[0]?.group.options).toEqual({
      pool: { limit: 150000, memoryBytesMax: 512 * 1024 * 1024, expirationMs: 600_000 },
      consensus: {
        ttl: 2,
        minBlockGenerationTimeMs: 500,
        enableDynamicBlockSize: true,
        blockSizeIncreaseRatio: 0.5,
        enableTtlOptimization: true,
        enablePrepareWithTransactionHashes: true,
        broadcastPrepareByTree: true,
        prepareStatusBroadcastPercent: 33,
        maxRequestMissedTransactionsWaitMs: 100,
        maxRequestPrepareWaitMs: 100,
      },
      blockSync: {
        syncBlockByTree: true,
        gossipIntervalMs: 1000,
        gossipPeersNumber: 3,
        downloadBytesMax: 512 * 1024 * 1024,
      },
      transactionSync: { sendTransactionsByTree: true, transactionGossipPeersMax: 5, idleWaitMs: 200 },
    });
  });

  test("B21: a check tells errors and warnings of all files together", () => {
    const folder = nodeFolder("standard", (file, text) =>
      file === "config.ini"
        ? text.replace("jsonrpc_listen_port", "jsonrpc_listen_prot")
        : file === "group.1.ini"
          ? text.replace("ttl=2", "ttl=9")
          : text,
    );
    const found = checkConfiguration(join(folder, "config.ini")).map(({ severity, name }) => [severity, name]);
    expect(found).toEqual([
      ["warning", "rpc.jsonrpc_listen_prot"],
      ["error", "consensus.ttl"],
    ]);
    expect(checkConfiguration(join(folder, "absent.ini")).map(({ severity }) => severity)).toEqual(["error"]);
    expect(checkConfiguration(join(nodeFolder("standard"), "config.ini"))).toEqual([]);
  });

  test("an SM chain has its own key files", () => {
    const { node } = loadConfiguration(join(nodeFolder("sm"), "config.ini")).value;
    expect(node.chain.sm).toBe(true);
    expect(node.networkSecurity).toMatchObject({
      keyFile: "conf/gmnode.key",
      certificateFile: "conf/gmnode.crt",
      caFile: "conf/gmca.crt",
      encryptionKeyFile: "conf/gmennode.key",
    });
  });
});

describe("defaults", () => {
  test("follow the code of 2.9.1 where a key is missing", () => {
    const { config, problems } = readNode(VERSION);
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      chain: { id: 1n, sm: false, rsaChannel: false },
      rpc: { channel: { host: "0.0.0.0", port: 20200 }, jsonRpc: { host: "127.0.0.1", port: 8545 } },
      p2p: { listen: { host: "0.0.0.0", port: 30300 }, peers: [], compress: true },
      groups: { dataPath: "data/", configPath: "conf/" },
      networkSecurity: { dataPath: "./conf/", checkCertificateIssuer: true },
      storageSecurity: { enabled: false },
      log: { path: "log", statistics: false, statisticsIntervalMs: 60_000 },
    });
    const { genesis, eventFilter } = readGenesis(GENESIS);
    expect(genesis).toMatchObject({
      epochSealerCount: 1,
      epochBlockCount: 1000,
      minElectTimeMs: 1000,
      maxElectTimeMs: 2000,
    });
    expect(eventFilter).toEqual({ maxBlockRange: 0, maxBlocksPerStep: 3 });
    expect(readGroup("").config.options.pool.limit).toBe(102_400);
  });

  test("depend on the supported version", () => {
    const optimisations = (version: SupportedVersion): boolean[] => {
      const { consensus, blockSync, transactionSync } = readGroup("", version).config.options;
      const { enableTtlOptimization, enablePrepareWithTransactionHashes } = consensus;
      const trees = [blockSync.syncBlockByTree, transactionSync.sendTransactionsByTree];
      return [enableTtlOptimization, enablePrepareWithTransactionHashes, ...trees];
    };
    expect(optimisations(V2_0_0)).toEqual([false, false, false, false]);
    expect(optimisations(V2_1_0)).toEqual([false, false, false, false]);
    expect(optimisations(V2_2_0)).toEqual([true, true, true, true]);
  });

  test("RSA certificates at the channel exist from 2.9.0, SM by key file until 2.5.0", () => {
    const chain = "[chain]\nrsa_crypto_channel=true\nsm_crypto=false\n";
    const version = (text: string): string => `[compatibility]\nsupported_version=${text}\n${chain}`;
    expect(readNode(version("2.9.1")).config.chain.rsaChannel).toBe(true);
    expect(readNode(version("2.8.0")).config.chain.rsaChannel).toBe(false);
    expect(readNode(version("2.4.0"), true).config.chain.sm).toBe(true);
    expect(readNode(version("2.5.0"), true).config.chain.sm).toBe(false);
  });

  test("an empty value is a missing one", () => {
    const { config, problems } = readNode(`${VERSION}[storage_security]\nkey_manager_port=\n[log]\nlevel =\n`);
    expect(problems).toEqual([]);
    expect(config.storageSecurity.keyManager.port).toBe(20000);
    expect(config.log.level).toBe("info");
  });

  test("the old names of sections and of the common address are understood", () => {
    const { config, problems } = readNode(
      `${VERSION}[rpc]\nlisten_ip=10.0.0.1\n[secure]\nkey=k\n[crl]\ncrl.0=${ID}\n[cal]\ncal.0=${ID.toUpperCase()}\n[data_secure]\nenable=false\n`,
    );
    expect(problems).toEqual([]);
    expect(config.rpc).toMatchObject({ channel: { host: "10.0.0.1" }, jsonRpc: { host: "10.0.0.1" } });
    expect(config.networkSecurity.keyFile).toBe("./conf/k");
    expect([config.blacklist, config.whitelist]).toEqual([[ID], [ID]]);
  });
});

test("the directory with more trusted certificates is named from the data path on, as the files are", () => {
  const caPathOf = (text: string): string =>
    readNode(`${VERSION}[network_security]\ndata_path=keys\n${text}`).config.networkSecurity.caPath;
  expect(caPathOf("")).toBe("");
  expect(caPathOf("ca_path=others\n")).toBe("keys/others");
  expect(caPathOf("ca_path=/etc/others\n")).toBe("/etc/others");
});

describe("B21: what cannot be used is refused by file, line, name, value and rule", () => {
  const inNode = (text: string): string[] => readNode(VERSION + text).problems.map(describeProblem);
  const inGroup = (text: string): string[] => readGroup(text).problems.map(describeProblem);
  const inGenesis = (text: string): string[] => readGenesis(GENESIS + text).problems.map(describeProblem);

  test.each([
    ["[p2p]\nlisten_port=80", 'p2p.listen_port = "80": must be a whole number from 1025 to 65535'],
    ["[p2p]\nlisten_port=3030O", 'p2p.listen_port = "3030O": must be a whole number from 1025 to 65535'],
    [
      "[rpc]\nchannel_listen_port=65536",
      'rpc.channel_listen_port = "65536": must be a whole number from 1025 to 65535',
    ],
    ["[rpc]\nchannel_listen_ip=300.1.1.1", 'rpc.channel_listen_ip = "300.1.1.1": must be an IP address or a host name'],
    ["[p2p]\nnode.0=nonsense", 'p2p.node.0 = "nonsense": must be host:port or [IPv6 address]:port, port 1 to 65535'],
    ["[p2p]\nnode.0=::1:30300", 'p2p.node.0 = "::1:30300": must be host:port or [IPv6 address]:port, port 1 to 65535'],
    ["[p2p]\nenable_compress=True", 'p2p.enable_compress = "True": must be true or false'],
    ["[p2p]\npeers_param_limit=0", 'p2p.peers_param_limit = "0": must be a whole number from 1 to 10000'],
    ["[log]\nlevel=verbose", 'log.level = "verbose": must be one of trace, debug, info, warning, error, fatal'],
    ["[chain]\nid=-1", 'chain.id = "-1": must be a whole number of at least 0'],
    ["[flow_control]\nlimit_req=0", 'flow_control.limit_req = "0": must be a whole number of at least 1'],
    [
      "[flow_control]\noutgoing_bandwidth_limit=-2",
      'flow_control.outgoing_bandwidth_limit = "-2": must be a number of megabits a second above 0',
    ],
    [
      "[certificate_blacklist]\ncrl.0=12ab",
      'certificate_blacklist.crl.0 = "12ab": must be a node id, 128 hexadecimal digits; it has 4 characters',
    ],
    [
      "[network_security]\ncrypto_provider=hsm",
      'network_security.crypto_provider = "hsm": hardware security modules are not supported; use ssm',
    ],
  ])("config.ini %j", (text, expected) => {
    expect(inNode(text)).toEqual([`config.ini:4: ${expected}`]);
  });

  test.each([
    ["[consensus]\nttl=6", 'consensus.ttl = "6": must be a whole number from 0 to 5'],
    ["[sync]\ngossip_interval_ms=999", 'sync.gossip_interval_ms = "999": must be a whole number from 1000 to 3000'],
    [
      "[sync]\nmax_block_sync_memory_size=16",
      'sync.max_block_sync_memory_size = "16": must be a whole number from 32 to 8589934591',
    ],
    ["[tx_pool]\nlimit=1e5", 'tx_pool.limit = "1e5": must be a whole number from 1 to 10000000'],
    [
      "[storage]\ntype=mysql",
      'storage.type = "mysql": mysql is not supported; use rocksdb, which means the embedded store',
    ],
    ["[storage]\ntype=paper", 'storage.type = "paper": must be one of rocksdb, scalable, leveldb, mysql, external'],
    [
      "[consensus]\nprepare_status_broadcast_percent=24",
      'consensus.prepare_status_broadcast_percent = "24": must be a whole number from 25 to 100',
    ],
    [
      "[consensus]\nmin_block_generation_time=1000",
      'consensus.min_block_generation_time = "1000": 1000 ms and more work like 999',
    ],
  ])("group.1.ini %j", (text, expected) => {
    expect(inGroup(text)).toEqual([`group.1.ini:2: ${expected}`]);
  });

  test.each([
    ["max_trans_num=0", 'consensus.max_trans_num = "0": must be a whole number of at least 1'],
    ["consensus_type=poa", 'consensus.consensus_type = "poa": must be one of pbft, rpbft, raft, solo'],
    [`node.1=${ID}`, `consensus.node.1 = "${ID}": is the same node as node.0`],
    ["epoch_block_num=1", 'consensus.epoch_block_num = "1": must be a whole number of at least 2'],
    ["consensus_timeout=0", 'consensus.consensus_timeout = "0": must be a whole number from 1 to 4294966'],
    ["consensus_timeout=2", 'consensus.consensus_timeout = "2": less than 3 seconds leads to needless view changes'],
  ])("group.1.genesis %j", (text, expected) => {
    expect(inGenesis(text)).toEqual([`group.1.genesis:6: ${expected}`]);
  });

  test("what must be there is named when it is not", () => {
    expect(readNode("").problems.map(describeProblem)).toEqual([
      "config.ini: compatibility.supported_version: is missing, which means 2.0.0-rc1: it must be a version from 2.0.0-rc2 to 2.9.1, like 2.9.0 or 2.0.0-rc3",
    ]);
    expect(readGenesis("[group]\nid=2\n").problems.map(describeProblem)).toEqual([
      'group.1.genesis:2: group.id = "2": must be 1, as in the name of the file',
      "group.1.genesis: group.timestamp: is missing: milliseconds since 1970, the same on all nodes of the group",
      "group.1.genesis: consensus.node.0: is missing: a group needs at least one sealer",
    ]);
  });

  test("two listeners at one port", () => {
    expect(inNode("[rpc]\nchannel_listen_port=30300\n")).toEqual([
      "config.ini: p2p.listen_port: port 30300 is taken by rpc.channel_listen_port",
    ]);
    expect(inNode("[rpc]\nchannel_listen_ip=10.0.0.1\njsonrpc_listen_ip=10.0.0.2\nchannel_listen_port=8545")).toEqual(
      [],
    );
  });

  test("lines that are none, sections and keys given twice", () => {
    expect(inNode("[p2p\n=1\nlisten_port\n[log]\nlevel=info\nlevel=debug\n[compatibility]\n")).toEqual([
      'config.ini:3: "[p2p": a section name must end with ]',
      'config.ini:4: "=1": expected key=value, [section] or a comment beginning with ;',
      'config.ini:5: "listen_port": expected key=value, [section] or a comment beginning with ;',
      "config.ini:8: log.level was already given at line 7",
      "config.ini:9: section [compatibility] was already given at line 1",
    ]);
  });

  test("existing chains may have short epochs below 2.6.0, and any ratio of growth", () => {
    expect(readGenesis(`${GENESIS}epoch_block_num=1`, V2_5_0).problems).toEqual([]);
    const { config, problems } = readGroup("[consensus]\nblock_size_increase_ratio=7");
    expect(config.options.consensus.blockSizeIncreaseRatio).toBe(0.5);
    expect(problems.map(({ severity }) => severity)).toEqual(["warning"]);
  });
});

describe("unknown names", () => {
  test("are warned of, with the name that was probably meant", () => {
    const { problems } = readNode(
      `${VERSION}[p2p]\nlisten_prot=30301\nfoo=1\nlevel=info\n[logs]\nlevel=info\n[tx_execute]\n`,
    );
    expect(problems.every(({ severity }) => severity === "warning")).toBe(true);
    expect(problems.map(describeProblem)).toEqual([
      'config.ini:4: p2p.listen_prot = "30301": unknown key is ignored; did you mean listen_port?',
      'config.ini:5: p2p.foo = "1": unknown key is ignored',
      'config.ini:6: p2p.level = "info": unknown key is ignored; it belongs to [log]',
      "config.ini:7: unknown section [logs] is ignored; did you mean [log]?",
      "config.ini:9: unknown section [tx_execute] is ignored",
    ]);
  });

  test("keys that only the C++ node uses are known", () => {
    const text =
      "[storage]\nbinary_log=true\ndb_ip=127.0.0.1\n[tx_pool]\nnotify_worker_num=2\n[tx_execute]\nenable_parallel=true\n";
    expect(readGroup(text).problems).toEqual([]);
  });
});

test("Windows line ends, a byte order mark, indentation and comments with # are read", () => {
  const { config, problems } = readNode(
    `\uFEFF[compatibility]\r\n\t supported_version = 2.9.1 \r\n# note\r\n  ;[x]\r\n[ log ]\r\nlog_path=a;b # c\r\n`,
  );
  expect(problems).toEqual([]);
  expect(config.supportedVersionText).toBe("2.9.1");
  expect(config.log.path).toBe("a;b # c");
});

test("limits of flow are requests and bytes a second", () => {
  const { config } = readGroup("[flow_control]\nlimit_req=1000\noutgoing_bandwidth_limit=2.5\n");
  expect(config.flowControl).toEqual({ requestsPerSecond: 1000, outgoingBytesPerSecond: 327_680 });
});

test("options of our own are in a section that the C++ node ignores", () => {
  const { config, problems } = readNode(
    `${VERSION}[tsbcos]\nmetrics_listen_port=9100\nverifier_threads=3\nlog_format=json\nlog_total_size=1\n`,
  );
  expect(problems).toEqual([]);
  expect(config).toMatchObject({ metrics: { host: "127.0.0.1", port: 9100 }, verifierThreads: 3 });
  expect(config.log).toMatchObject({ format: "json", totalBytesMax: 1024 * 1024 });
});

test("past states are kept, all of them, unless the settings say otherwise", () => {
  expect(readNode(VERSION).config).toMatchObject({ stateHistory: true, stateHistoryBlocks: 0 });
  const { config, problems } = readNode(`${VERSION}[tsbcos]\nstate_history_blocks=1000\n`);
  expect([config.stateHistoryBlocks, problems]).toEqual([1000, []]);
  expect(readNode(`${VERSION}[tsbcos]\nstate_history_blocks=-1\n`).problems).toHaveLength(1);
});

test("in a folder made for a C++ node, whose logs look like ours, no log is removed", () => {
  expect(readNode(VERSION).config.log.totalBytesMax).toBe(0);
});

describe("files", () => {
  test("one message lists what is wrong in all of them", () => {
    const folder = nodeFolder("standard", (file, text) => {
      if (file === "config.ini")
        return text.replace("listen_port=31300", "listen_port=1").replace("level=info", "level=x");
      if (file === "group.1.ini") return text.replace("ttl=2", "ttl=9");
      return text.replace("max_trans_num=1000", "max_trans_num=many");
    });
    let message = "";
    try {
      loadConfiguration(join(folder, "config.ini"));
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError);
      message = (error as CodedError).message;
    }
    expect(message.replaceAll(folder, "node").split("\n")).toEqual([
      "The configuration has 4 problems:",
      '  node/config.ini:9: p2p.listen_port = "1": must be a whole number from 1025 to 65535',
      '  node/config.ini:64: log.level = "x": must be one of trace, debug, info, warning, error, fatal',
      '  node/conf/group.1.genesis:6: consensus.max_trans_num = "many": must be a whole number of at least 1',
      '  node/conf/group.1.ini:3: consensus.ttl = "9": must be a whole number from 0 to 5',
    ]);
  });

  test("a missing file or directory is said once, with where it was looked for", () => {
    expect(() => loadConfiguration(join(directory, "none.ini"))).toThrow(
      /^The configuration has 1 problem:\n.*none\.ini: the file cannot be read: it does not exist$/,
    );
    const folder = nodeFolder("standard", (_, text) =>
      text.replace(/group_config_path=.*/, "group_config_path=nowhere"),
    );
    expect(() => loadConfiguration(join(folder, "config.ini"))).toThrow(
      /group_config_path = "nowhere\/": the directory cannot be read/,
    );
  });

  test("groups are found by their genesis files, those not wanted are not read, local options may be absent", () => {
    const folder = nodeFolder("standard");
    const genesis = readFileSync(join(folder, "conf/group.1.genesis"), "utf8");
    writeFileSync(join(folder, "conf/group.12.genesis"), genesis.replace("id=1", "id=12"));
    writeFileSync(join(folder, "conf/group.3.genesis"), "broken");
    writeFileSync(join(folder, "conf/group.x.genesis"), "no group");
    const { value } = loadConfiguration(join(folder, "config.ini"), (id) => id !== 3);
    expect(value.groups.map(({ genesis: { groupId: id } }) => id)).toEqual([1, 12]);
    expect(() => loadGroup(value.node, groupId(3))).toThrow(/group\.3\.genesis:1: "broken"/);
    expect(loadGroup(value.node, groupId(12)).value.group.options.pool.limit).toBe(102_400);
  });

  test("lists can be read again alone; a broken list is refused and the rest of the file does not matter", () => {
    const folder = nodeFolder("standard", (file, text) =>
      file === "config.ini" ? text.replace(";cal.0=", `cal.0=${ID}`).replace("level=info", "level=x") : text,
    );
    expect(loadWhitelist(join(folder, "config.ini"))).toEqual([ID]);
    const { node } = loadConfiguration(join(nodeFolder("standard"), "config.ini")).value;
    expect(loadSdkAllowlist(node, groupId(1))).toEqual([]);
    const broken = join(directory, "broken.ini");
    cpSync(join(folder, "config.ini"), broken);
    writeFileSync(broken, readFileSync(broken, "utf8").replace(`cal.0=${ID}`, "cal.0=zz"));
    expect(() => loadWhitelist(broken)).toThrow(/certificate_whitelist\.cal\.0 = "zz"/);
  });
});
