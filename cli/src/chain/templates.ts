/** Settings of nodes: sections and keys of FISCO BCOS 2.x, with comments that say what a key is for. */
import type { NodePlan, NodeSettings } from "./plan.js";

/** What one node's `config.ini` needs to know. */
export interface NodeConfigValues {
  readonly settings: NodeSettings;
  readonly ports: Pick<NodePlan, "p2pPort" | "channelPort" | "rpcPort">;
  /** `host:port` of every node of the chain, this one included. */
  readonly peers: readonly string[];
}

/** Options of our own, as new chains have them. */
const OWN_SECTION = `[tsbcos]
    ; nodes of FISCO BCOS pass over this section
    ; keep the state after each block, so that calls may name a block
    state_history=true
    ; say in words why a transaction or a call failed
    revert_reasons=true
    ; MB of all log files together: the oldest are removed
    log_total_size=10240
    ; metrics for Prometheus
    ;metrics_listen_port=9100
`;

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

${OWN_SECTION}`;
}

/** Lines `node.N=host:port`. */
export function peerLines(peers: readonly string[]): string {
  return peers.map((peer, index) => `    node.${index}=${peer}`).join("\n");
}
