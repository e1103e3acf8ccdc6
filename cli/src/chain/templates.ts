/** Settings of nodes and groups: sections and keys of FISCO BCOS 2.x, with comments that say what a key is for. */
import type { ConsensusType, NodePlan, NodeSettings } from "./plan.js";

/** What one node's `config.ini` needs to know. */
export interface NodeConfigValues {
  readonly settings: NodeSettings;
  readonly ports: Pick<NodePlan, "p2pPort" | "channelPort" | "rpcPort">;
  /** `host:port` of every node of the chain, this one included. */
  readonly peers: readonly string[];
}

/** Text of `config.ini`. */
export function configIni({ settings, ports, peers }: NodeConfigValues): string {
  const prefix = settings.sm ? "gm" : "";
  return `[rpc]
    channel_listen_ip=${settings.listenIp}
    channel_listen_port=${ports.channelPort}
    jsonrpc_listen_ip=${settings.rpcListenIp}
    jsonrpc_listen_port=${ports.rpcPort}
    disable_dynamic_group=false

[p2p]
    listen_ip=${settings.listenIp}
    listen_port=${ports.p2pPort}
    ; every node of the chain; a node skips itself
${peerLines(peers)}

[certificate_blacklist]
    ; node ids (128 hex digits) that may not connect
    ;crl.0=

[certificate_whitelist]
    ; if any is given, only these node ids may connect
    ;cal.0=

[group]
    group_data_path=data/
    group_config_path=conf/

[network_security]
    ; folder of the files below
    data_path=conf/
    key=${prefix}node.key
    cert=${prefix}node.crt
    ca_cert=${prefix}ca.crt

[storage_security]
    enable=false
    key_manager_ip=
    key_manager_port=
    cipher_data_key=

[chain]
    id=${settings.chainId}
    ; SM2 and SM3 instead of secp256k1 and Keccak-256; never change this on a chain that has blocks
    sm_crypto=${settings.sm}
    ; what SDKs connect with: SM TLS, certificates with RSA keys, or else (both false) with keys on secp256k1
    sm_crypto_channel=${settings.smChannel}
    rsa_crypto_channel=${settings.rsaChannel}

[compatibility]
    ; never change this on a chain that has blocks
    supported_version=${settings.supportedVersion}

[log]
    enable=true
    log_path=./log
    enable_statistic=${settings.statistics}
    ; seconds
    stat_flush_interval=60
    ; trace, debug, info, warning, error
    level=${settings.logLevel}
    ; MB
    max_log_file_size=200
    ; write each line at once
    flush=${settings.logFlush}

[flow_control]
    ; requests a second of the whole node
    ;limit_req=1000
    ; Mb a second, decimals allowed
    ;outgoing_bandwidth_limit=2

[tsbcos]
    ; nodes of FISCO BCOS pass over this section
    ; keep the state after each block, so that calls may name a block
    state_history=true
    ; say in words why a transaction or a call failed
    revert_reasons=true
    ; metrics for Prometheus
    ;metrics_listen_port=9100
`;
}

/** Lines `node.N=host:port`. */
export function peerLines(peers: readonly string[]): string {
  return peers.map((peer, index) => `    node.${index}=${peer}`).join("\n");
}

/** What the genesis file of a group says; equal on every node, frozen with block 0. */
export interface GenesisValues {
  /** Number of the group. */
  readonly groupId: number;
  /** Node ids of the first sealers. */
  readonly nodeIds: readonly string[];
  /** Milliseconds since the Unix epoch: the timestamp of block 0. */
  readonly timestampMs: number;
  /** How its sealers agree. */
  readonly consensus: ConsensusType;
  /** Whether storage operations cost next to nothing. */
  readonly freeStorage: boolean;
}

/** Text of `group.N.genesis`. */
export function groupGenesis(values: GenesisValues): string {
  const nodes = values.nodeIds.map((id, index) => `    node.${index}=${id}`).join("\n");
  return `[consensus]
    ; pbft, rpbft, raft, solo
    consensus_type=${values.consensus}
    ; transactions in a block, at most
    max_trans_num=1000
    ; seconds, at least 3
    consensus_timeout=3
    ; rpbft only: working sealers, and blocks between rotations
    epoch_sealer_num=${values.nodeIds.length}
    epoch_block_num=1000
    ; the first sealers
${nodes}

[state]
    type=storage

[tx]
    gas_limit=300000000

[group]
    id=${values.groupId}
    timestamp=${values.timestampMs}

[evm]
    enable_free_storage=${values.freeStorage}
`;
}

/** Text of `group.N.ini`, the settings of a group that a node may change between restarts. */
export function groupIni(): string {
  return `[consensus]
    ttl=2
    ; ms
    min_block_generation_time=500
    enable_dynamic_block_size=true
    enable_ttl_optimization=true
    enable_prepare_with_txsHash=true
    ; the next four are for rpbft
    broadcast_prepare_by_tree=true
    prepare_status_broadcast_percent=33
    max_request_missedTxs_waitTime=100
    max_request_prepare_waitTime=100

[storage]
    type=rocksdb
    binary_log=false
    scroll_threshold_multiple=2
    cached_storage=true
    ; MB
    max_capacity=32
    max_forward_block=10
    max_retry=60
    topic=DB
    db_ip=127.0.0.1
    db_port=3306
    db_username=
    db_passwd=
    db_name=

[tx_pool]
    ; transactions waiting, at most
    limit=150000
    ; MB
    memory_limit=512
    notify_worker_num=2
    ; seconds
    txs_expiration_time=600

[sync]
    ; MB
    max_block_sync_memory_size=512
    idle_wait_ms=200
    sync_block_by_tree=true
    send_txs_by_tree=true
    ; 1000 to 3000
    gossip_interval_ms=1000
    gossip_peers_number=3
    txs_max_gossip_peers_num=5

[flow_control]
    ; requests a second of this group
    ;limit_req=1000
    ; Mb a second, decimals allowed
    ;outgoing_bandwidth_limit=2

[sdk_allowlist]
    ; if any is given, only SDKs with these public keys (128 hex digits) may use this group
    ;public_key.0=
`;
}
