/** The genesis and the settings of a group, whoever makes it: an operator with the command, or a client at run time. */
import type { ConsensusType } from "@tsbcos/core/ledger";

/** What the genesis file of a group says; equal on every node, frozen with block 0. */
export interface NewGroup {
  /** Number of the group. */
  readonly groupId: number;
  /** How its sealers agree. */
  readonly consensusType: ConsensusType;
  /** Node ids of the first sealers, each once. Below supported_version 2.9.0 their order is part of the hash of block 0. */
  readonly sealers: readonly string[];
  /** Milliseconds since the Unix epoch: the timestamp of block 0. */
  readonly timestamp: number | string;
  /** Whether storage operations cost next to nothing. */
  readonly freeStorage: boolean;
}

/** Text of `group.N.genesis`. */
export function groupGenesis({ groupId, consensusType, sealers, timestamp, freeStorage }: NewGroup): string {
  const nodes = sealers.map((id, index) => `    node.${index}=${id}`).join("\n");
  return `[consensus]
    ; pbft, rpbft, raft, solo
    consensus_type=${consensusType}
    ; transactions in a block, at most
    max_trans_num=1000
    ; seconds, at least 3
    consensus_timeout=3
    ; rpbft only: working sealers, and blocks between rotations
    epoch_sealer_num=${sealers.length}
    epoch_block_num=1000
    ; the first sealers
${nodes}

[state]
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
    ; Mb a second, decimals allowed; beyond it blocks are not served to other nodes
    ;outgoing_bandwidth_limit=2

[sdk_allowlist]
    ; if any is given, only SDKs with these public keys (128 hex digits) may use this group
    ;public_key.0=
`;
}
