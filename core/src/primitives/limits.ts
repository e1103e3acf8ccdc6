/**
 * Every bound of the system in one place: unit in the name, reason beside it.
 * Relations between bounds are asserted when this module loads.
 */
import { assert } from "./assert.js";

/** Largest P2P frame, header included. All nodes must agree: a larger frame ends the session. */
export const P2P_FRAME_BYTES_MAX = 100 * 1024 * 1024;

/** P2P bodies above this many bytes are compressed when compression is on. */
export const P2P_COMPRESS_ABOVE_BYTES = 1024;

/** Transactions in one batch: about as many of 200 bytes as fit into a frame. A longer offset table is refused unread. */
export const BATCH_TRANSACTIONS_MAX = 524_288;

/** Nodes in one list on the wire: sealers of a header, signatures of a block, nodes a packet is forwarded to. */
export const NODE_LIST_MAX = 4096;

/** Items of a header's extra data: the genesis block has one, all others none. */
export const HEADER_EXTRA_DATA_ITEMS_MAX = 64;

/** Hashes in one transactions-status or transactions-request packet: a pass announces 1000 at most. */
export const SYNC_HASHES_MAX = 65_536;

/** Longest signature of any suite, bytes. */
export const SIGNATURE_BYTES_MAX = 128;

/**
 * Bytes that may wait to be sent to one peer: one largest frame and what comes meanwhile. A peer that leaves more
 * unread is disconnected.
 */
export const P2P_SEND_QUEUE_BYTES_MAX = P2P_FRAME_BYTES_MAX + 64 * 1024 * 1024;

/** Of these, kept for the groups: messages of clients are refused before they crowd out votes and blocks. */
export const P2P_SEND_QUEUE_BYTES_RESERVED = 32 * 1024 * 1024;

/** P2P sessions at once: each has a node id of its own, so this bounds the certificates in use. */
export const P2P_SESSIONS_MAX = 1024;

/** Answers that one peer may owe us at once. */
export const P2P_PENDING_REQUESTS_PER_PEER_MAX = 10_000;

/** Longest list of topics taken from one peer, as text. */
export const P2P_TOPICS_BYTES_MAX = 1024 * 1024;

/** Kinds of traffic (module and group) counted apart; what a peer invents beyond is counted together. */
export const P2P_TRAFFIC_KINDS_MAX = 1024;

/** Bytes of frames, headers and bookkeeping included, that may wait for a busy group; the protocols repeat what matters. */
export const GROUP_FRAMES_WAITING_BYTES_MAX = 256 * 1024 * 1024;

/** The same from one member, or from all strangers together: one largest frame and what comes meanwhile. */
export const GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX = P2P_FRAME_BYTES_MAX + 16 * 1024 * 1024;

/** So many of them are taken from each member even when others have filled the rest: its votes get through. */
export const GROUP_FRAMES_WAITING_BYTES_RESERVED_PER_PEER = 1024 * 1024;

/** Milliseconds an accepted connection has to finish its TLS handshake: many round trips of a slow line. */
export const P2P_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Accepted connections in the middle of their TLS handshake. */
export const P2P_HALF_OPEN_MAX = 512;

/** The same from one address: all nodes of a large machine may start at once. */
export const P2P_HALF_OPEN_PER_ADDRESS_MAX = 64;

/** Connections accepted from one address within a second, each of which costs a TLS handshake. */
export const P2P_ACCEPTS_PER_ADDRESS_PER_SECOND_MAX = 64;

/** Data in one record of SM TLS: what TLS 1.2 allows. */
export const SM_TLS_PLAINTEXT_BYTES_MAX = 16_384;

/** The same protected: with iv, authentication and the longest padding, as TLS 1.2 allows. */
export const SM_TLS_CIPHERTEXT_BYTES_MAX = SM_TLS_PLAINTEXT_BYTES_MAX + 2048;

/** All messages that one side sends in a handshake of SM TLS: real ones have two to four kilobytes. */
export const SM_TLS_HANDSHAKE_BYTES_MAX = 65_536;

/** Certificates that one side shows: those of a chain are four. Each may cost a verification. */
export const SM_TLS_CERTIFICATES_MAX = 8;

/** Records without anything in them, one after the other: they cost work and bring nothing. */
export const SM_TLS_EMPTY_RECORDS_MAX = 32;

/** Warnings taken from the other side of an SM TLS connection in its whole life. */
export const SM_TLS_WARNINGS_MAX = 16;

/** Largest frame of the SDK channel, header included; a larger one ends the session. */
export const CHANNEL_FRAME_BYTES_MAX = 100 * 1024 * 1024;

/** Milliseconds an SDK has to finish its TLS handshake. */
export const CHANNEL_HANDSHAKE_TIMEOUT_MS = 10_000;

/** SDKs connected to one node at once. */
export const CHANNEL_SESSIONS_MAX = 1024;

/** JSON-RPC requests of one SDK that are being answered; until one is, nothing more is read from it. */
export const CHANNEL_PENDING_REQUESTS_MAX = 1024;

/** Bytes of incomplete frames of all SDKs together: a few of the largest. Who exceeds it is disconnected. */
export const CHANNEL_RECEIVING_BYTES_MAX = 512 * 1024 * 1024;

/** Bytes that wait for one SDK before nothing more is read from it, and before other subscribers are preferred. */
export const CHANNEL_SEND_QUEUE_BYTES_HIGH = 8 * 1024 * 1024;

/** Bytes that still wait when an SDK counts as fast enough again. */
export const CHANNEL_SEND_QUEUE_BYTES_LOW = 2 * 1024 * 1024;

/** Bytes that may wait for one SDK: one largest frame and what comes meanwhile. Who leaves more unread is disconnected. */
export const CHANNEL_SEND_QUEUE_BYTES_MAX = CHANNEL_FRAME_BYTES_MAX + 32 * 1024 * 1024;

/** Bytes that may wait for all SDKs together; beyond them those that read slowly are disconnected. */
export const CHANNEL_SENDING_BYTES_MAX = 1024 * 1024 * 1024;

/** Topics that one client subscribes to. */
export const AMOP_TOPICS_PER_SESSION_MAX = 4096;

/** Topics whose subscribers are counted in the metrics: collectors store each apart. */
export const AMOP_TOPICS_COUNTED_MAX = 100;

/** Requests of clients of this node that wait for their answers; further ones are refused. */
export const AMOP_REQUESTS_MAX = 50_000;

/** The same of one client: no SDK has more in flight on one connection. */
export const AMOP_REQUESTS_PER_SESSION_MAX = 10_000;

/** Requests that one client owes answers to; others are given to another subscriber. */
export const AMOP_DELIVERIES_PER_SESSION_MAX = 10_000;

/** Bytes of requests kept until they are answered, at the node they come from, and again at the node they go to. */
export const AMOP_WAITING_BYTES_MAX = 256 * 1024 * 1024;

/** Pushes of logs that one client has not read yet; the search goes on when it has. */
export const LOG_PUSHES_UNTAKEN_MAX = 4;

/** Bytes of logs in one push, roughly: a block with more of them is pushed in parts. */
export const LOG_PUSH_BYTES = 1024 * 1024;

/** Event filters of one SDK. */
export const EVENT_FILTERS_PER_SESSION_MAX = 1000;

/** Addresses of one event filter, and topics at one of its positions. */
export const EVENT_FILTER_ITEMS_MAX = 10_000;

/** Largest body of one Blocks packet: one frame less room for headers. */
export const SYNC_BLOCKS_PACKET_BYTES_MAX = P2P_FRAME_BYTES_MAX - 2048;

/** A transaction may name a last block at most this far ahead, and nonces are remembered this long. */
export const BLOCK_LIMIT_RANGE = 1000;

/** Prepares kept for heights or views that are not due yet. */
export const PBFT_FUTURE_PREPARES_MAX = 10;

/** Sign and commit messages kept for one hash or one height and not yet countable: one of each sealer, twice over. */
export const PBFT_CACHED_MESSAGES_PER_SEALER_MAX = 32;

/**
 * Highest PBFT view. A chain that is idle needs 68 years to get there; whatever claims to be beyond is refused, so that
 * arithmetic on views stays far from the 32 bits they have on the wire.
 */
export const PBFT_VIEW_MAX = 0x7fff_ffff;

/**
 * Highest Raft term. An election takes a second, so no group gets there; whatever claims to be beyond is refused, so that
 * terms stay far from the 32 bits they have on the wire.
 */
export const RAFT_TERM_MAX = 0x7fff_ffff;

/** Proposals remembered as asked for or received in the tree of rPBFT, so that each is asked for once. */
export const RPBFT_REQUESTED_PREPARES_MAX = 1024;

/** Votes kept for heights above the next one are at most this far ahead of it: further away, synchronisation comes first. */
export const PBFT_FUTURE_HEIGHTS_MAX = 20;

/** Answers to one peer's requests for transactions of one proposal: an honest node asks once. */
export const PBFT_MISSED_TRANSACTIONS_ANSWERS_MAX = 4;

/** A proposal may claim to be made this many milliseconds ahead of our clock, so that no leader can run the chain's clock away. */
export const PBFT_TIMESTAMP_AHEAD_MS_MAX = 24 * 60 * 60 * 1000;

/** Entries of a block's signature list for each sealer: the C++ node stores a sealer's differing signatures side by side. */
export const BLOCK_SIGNATURES_PER_SEALER_MAX = 4;

/** A leader that waits for block synchronisation, or for sessions, looks again after this many milliseconds. */
export const PROPOSAL_RECHECK_MS = 200;

/** A proposal that is not full yet is topped up from the pool at most this often, in milliseconds. */
export const PROPOSAL_FILL_INTERVAL_MS = 10;

/** Milliseconds before a lagging sealer is given the view changes of the current view once more: one a sealer, each time. */
export const PBFT_BRING_UP_INTERVAL_MS = 1000;

/** Message keys remembered a peer and packet type, so that nothing is sent twice. */
export const PBFT_BROADCAST_FILTER_KEYS_MAX = 1024;

/** Blocks waiting to be applied by block synchronisation. */
export const SYNC_QUEUED_BLOCKS_MAX = 256;

/** Block requests waiting to be served, a peer. */
export const SYNC_PENDING_REQUESTS_PER_PEER_MAX = 1000;

/** Blocks asked for in one request. */
export const SYNC_REQUEST_BLOCKS_MAX = 32;

/** Block requests under way at once. */
export const SYNC_REQUEST_SHARDS_MAX = 4;

/** Blocks of a request that reach beyond our head and are kept for later: enough for any honest node that catches up. */
export const SYNC_SERVED_AHEAD_BLOCKS_MAX = 1024;

/** Bytes of blocks sent in one pass: what a group can read and send without keeping consensus waiting. */
export const SYNC_SERVED_BYTES_PER_PASS = 4 * 1024 * 1024;

/** Transactions of downloaded blocks that are verified before their block's turn: fills the verifiers, bounds what a liar costs. */
export const SYNC_VERIFIED_AHEAD_TRANSACTIONS_MAX = 4000;

/** Peers whose misbehaviour is remembered. */
export const SYNC_BACKED_OFF_PEERS_MAX = 1024;

/** Peers whose clock difference is remembered. */
export const SYNC_CLOCK_PEERS_MAX = 1024;

/** Peers for which it is remembered which transactions they have; further ones may be told twice. */
export const SYNC_MARKED_PEERS_MAX = 1024;

/** Hashes of imported transactions that are remembered, so that they are neither asked for nor verified again. */
export const SYNC_SEEN_TRANSACTIONS_MAX = 65_536;

/** Bytes of received transactions under verification; what arrives beyond it is dropped and asked for again later. */
export const SYNC_VERIFYING_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of transactions in one packet: keeps frames far below the largest one. */
export const SYNC_TRANSACTIONS_PACKET_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes of transactions sent in answer to one request. */
export const SYNC_ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Transactions handed to transaction synchronisation in one pass. */
export const SYNC_TRANSACTIONS_PER_PASS_MAX = 1000;

/** Shortest time between two sweeps for transactions that have waited too long, milliseconds. */
export const TXPOOL_SWEEP_INTERVAL_MS = 3000;

/** Transactions given up in one sweep: a pool full of dead ones must not hold up a group. */
export const TXPOOL_SWEEP_TRANSACTIONS_MAX = 10_000;

/** A node further behind than this refuses transactions and ignores consensus messages. */
export const FAR_BEHIND_BLOCKS = 20;

/** Transactions in one batch for a verifier: more would let one thread work while the others wait. */
export const VERIFY_BATCH_TRANSACTIONS_MAX = 200;

/** Milliseconds for which transactions are collected into one batch for a verifier while another batch is under way. */
export const VERIFY_BATCH_WAIT_MS = 2;

/** Submitted transactions that may wait for verification; beyond it clients are told that the pool is full. */
export const SUBMISSIONS_WAITING_MAX = 20_000;

/** Largest code of a contract, from supported_version 2.1.0. */
export const CONTRACT_CODE_BYTES_MAX = 0x40000;

/** Nested calls of the EVM. */
export const CALL_DEPTH_MAX = 1024;

/**
 * Memory of all EVM frames of one transaction. Gas is the real bound: under a tx_gas_limit of up to 10^12 it is reached
 * first. Beyond this a frame is out of gas; all nodes must agree.
 */
export const EVM_MEMORY_BYTES_MAX = 1024 * 1024 * 1024;

/** Prepared contract code kept by an executor, by least recent preparation. */
export const EVM_CODE_CACHE_BYTES_MAX = 32 * 1024 * 1024;

/** Calls on past states that wait for the one that runs; further ones are refused. */
export const PAST_CALLS_WAITING_MAX = 256;

/** Milliseconds a call on a past state may take, its thread's start included: gas bounds what it computes, not how often it reads the disk. */
export const PAST_CALL_TIMEOUT_MS = 10_000;

/** Milliseconds without a call on a past state after which the thread for them ends. */
export const PAST_CALLS_IDLE_MS = 60_000;

/**
 * Blocks whose part of the history is removed with one block, where its length is bounded: more than one, so that a bound
 * that was lowered is reached.
 */
export const HISTORY_REMOVED_BLOCKS_MAX = 4;

/** Decoded committed rows kept in memory, a group: the working set of a busy contract several times over. */
export const STATE_CACHE_BYTES_MAX = 32 * 1024 * 1024;

/** Decoded blocks kept in memory, a group, by the size of their encoding: what clients ask for is nearly always recent. */
export const LEDGER_BLOCK_CACHE_BYTES_MAX = 8 * 1024 * 1024;

/** Hashes of recent blocks kept in memory, a group: contracts may ask for the last 256, clients for the last 1000. */
export const LEDGER_HASHES_CACHED_MAX = 2048;

assert(SYNC_BLOCKS_PACKET_BYTES_MAX < P2P_FRAME_BYTES_MAX, "a Blocks packet must fit into one frame");
assert(SYNC_SERVED_BYTES_PER_PASS < SYNC_BLOCKS_PACKET_BYTES_MAX, "a pass of serving fits into one packet");
assert(
  GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX < GROUP_FRAMES_WAITING_BYTES_MAX,
  "one member alone cannot fill what may wait for a group",
);
