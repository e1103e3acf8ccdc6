/** The genesis and the settings of a group that is made at run time. */
import type { NodeId } from "@tsbcos/core/primitives";

/** What the genesis of a new group says. Every node must be told the same. */
export interface NewGroup {
  readonly groupId: number;
  readonly consensusType: "pbft" | "rpbft" | "raft";
  /** Ascending, each once: the order is part of the hash of block 0. */
  readonly sealers: readonly NodeId[];
  /** Decimal milliseconds since the Unix epoch: the timestamp of block 0. */
  readonly timestamp: string;
  readonly freeStorage: boolean;
}

/** Text of `group.N.genesis`. */
export function genesisText({ groupId, consensusType, sealers, timestamp, freeStorage }: NewGroup): string {
  return `[consensus]
    consensus_type=${consensusType}
    ; transactions in a block, at most
    max_trans_num=1000
    ; seconds, at least 3
    consensus_timeout=3
    ; the first sealers
${sealers.map((sealer, index) => `    node.${index}=${sealer}\n`).join("")}[state]
    type=storage
[tx]
    gas_limit=300000000
[group]
    id=${groupId}
    timestamp=${timestamp}
[evm]
    enable_free_storage=${freeStorage}
`;
}

/** Text of `group.N.ini`: what other nodes of 2.x write for a group made at run time, with our own comments. */
export const SETTINGS_TEXT = `[consensus]
    ; how often a message may be passed on
    ;ttl=2
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
    ; Mb a second, decimals allowed; beyond it blocks are not served to other nodes
    ;outgoing_bandwidth_limit=2
[sdk_allowlist]
    ; if any is given, only SDKs with these public keys (128 hex digits) may use this group
    ;public_key.0=
`;
