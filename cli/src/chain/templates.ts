/** Texts of the files of a node: the sections and keys of FISCO BCOS 2.x, with comments that say what a key is for. */

/** What one node's `config.ini` needs to know. */
export interface NodeConfigValues {
  /** Address that P2P, channel and RPC listen on unless said otherwise. */
  readonly listenIp: string;
  /** Address of the JSON-RPC port: loopback unless it is meant to be open. */
  readonly rpcListenIp: string;
  /** Port of the SDK channel. */
  readonly channelPort: number;
  /** Port of JSON-RPC over HTTP. */
  readonly rpcPort: number;
  /** Port of the P2P network. */
  readonly p2pPort: number;
  /** `host:port` of every node of the chain, this one included. */
  readonly peers: readonly string[];
  /** Chain id, in every transaction. */
  readonly chainId: number;
  /** Rules of the chain, such as `2.9.0`; never changed afterwards. */
  readonly supportedVersion: string;
  /** Lowest level that is logged. */
  readonly logLevel: string;
}

/** Text of `config.ini`. */
export function configIni(values: NodeConfigValues): string {
  const peers = values.peers.map((peer, index) => `    node.${index}=${peer}`).join("\n");
  return `[rpc]
    channel_listen_ip=${values.listenIp}
    channel_listen_port=${values.channelPort}
    jsonrpc_listen_ip=${values.rpcListenIp}
    jsonrpc_listen_port=${values.rpcPort}
    disable_dynamic_group=false

[p2p]
    listen_ip=${values.listenIp}
    listen_port=${values.p2pPort}
    ; every node of the chain; a node skips itself
${peers}

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
    key=node.key
    cert=node.crt
    ca_cert=ca.crt

[storage_security]
    enable=false
    key_manager_ip=
    key_manager_port=
    cipher_data_key=

[chain]
    id=${values.chainId}
    ; never change these three on a chain that has blocks
    sm_crypto=false
    sm_crypto_channel=false
    rsa_crypto_channel=true

[compatibility]
    ; never change this on a chain that has blocks
    supported_version=${values.supportedVersion}

[log]
    enable=true
    log_path=./log
    enable_statistic=false
    ; seconds
    stat_flush_interval=60
    ; trace, debug, info, warning, error
    level=${values.logLevel}
    ; MB
    max_log_file_size=200
    flush=true

[flow_control]
    ; requests a second of the whole node
    ;limit_req=1000
    ; Mb a second, decimals allowed
    ;outgoing_bandwidth_limit=2
`;
}

/** What the genesis file of a group says; equal on every node, frozen with block 0. */
export interface GenesisValues {
  /** Number of the group. */
  readonly groupId: number;
  /** Node ids of the first sealers. */
  readonly nodeIds: readonly string[];
  /** Milliseconds since the Unix epoch: the timestamp of block 0. */
  readonly timestampMs: number;
  /** Whether storage operations cost next to nothing. */
  readonly freeStorage: boolean;
}

/** Text of `group.N.genesis`. */
export function groupGenesis(values: GenesisValues): string {
  const nodes = values.nodeIds.map((id, index) => `    node.${index}=${id}`).join("\n");
  return `[consensus]
    consensus_type=pbft
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

/** The launcher beside the node folders: starts one node, whatever folder it is called from. */
export function launcherScript(nodeProgram: string): string {
  return `#!/usr/bin/env bash
exec node '${nodeProgram.replaceAll("'", String.raw`'\''`)}' "$@"
`;
}

/** `start.sh` of a node: starts it in the background and waits until it says that it is running. */
export function startScript(): string {
  return `#!/usr/bin/env bash
cd "$(dirname "\${BASH_SOURCE[0]}")" || exit 1
name=$(basename "$PWD")
if [ -f node.pid ] && kill -0 "$(cat node.pid)" 2>/dev/null; then
  echo " $name is running, pid is $(cat node.pid)."
  exit 0
fi
: > nohup.out
nohup ../tsbcos-node -c config.ini >> nohup.out 2>&1 < /dev/null &
echo $! > node.pid
for _ in $(seq 1 50); do
  sleep 0.2
  if tail -n 20 nohup.out | grep -q running; then
    echo " $name start successfully"
    exit 0
  fi
  kill -0 "$(cat node.pid)" 2>/dev/null || break
done
echo " $name did not start; its last words:"
tail -n 20 nohup.out
exit 1
`;
}

/** `stop.sh` of a node: asks it to stop and waits for it. */
export function stopScript(): string {
  return `#!/usr/bin/env bash
cd "$(dirname "\${BASH_SOURCE[0]}")" || exit 1
name=$(basename "$PWD")
if ! [ -f node.pid ] || ! kill -0 "$(cat node.pid)" 2>/dev/null; then
  echo " $name isn't running."
  exit 0
fi
pid=$(cat node.pid)
kill "$pid"
for _ in $(seq 1 60); do
  if ! kill -0 "$pid" 2>/dev/null; then
    rm -f node.pid
    echo " stop $name success."
    exit 0
  fi
  sleep 0.2
done
echo " $name (pid $pid) does not stop; see its log folder."
exit 1
`;
}

/** \`start_all.sh\` and \`stop_all.sh\`: the same for every node beside them, at once. */
export function allScript(script: "start.sh" | "stop.sh"): string {
  return `#!/usr/bin/env bash
cd "$(dirname "\${BASH_SOURCE[0]}")" || exit 1
for folder in node*/; do
  bash "$folder${script}" &
done
wait
`;
}
