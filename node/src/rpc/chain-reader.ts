/** The reader of a group over its parts, as they live in its thread. */
import type { ChainWorker, Group } from "@tsbcos/core/group";
import type { Ledger } from "@tsbcos/core/ledger";
import { err, type NodeId } from "@tsbcos/core/primitives";
import type { GroupReader } from "./group-reader.js";
import type { Json } from "@tsbcos/core/protocol";

/** What a reader looks at. */
export interface ChainReaderParts {
  readonly ledger: Ledger;
  /** The same ledger's worker: for code and calls. */
  readonly chain: Pick<ChainWorker, "call" | "codeAt">;
  /** Calls on past states; undefined where none are kept. */
  readonly past?: { readonly call: GroupReader["callAfter"] } | undefined;
  /** What moves between two blocks: waiting transactions, consensus and synchronisation. */
  readonly group: Pick<Group, "consensusNodes" | "consensusStatus" | "pbftView" | "syncStatus"> & {
    readonly pool: Pick<Group["pool"], "pending" | "size">;
  };
  /** Whether failures are told in words, too, as 2.x does not; false by default. */
  readonly revertReasons?: boolean;
  /** This node, which may be no member of the group. */
  readonly nodeId: NodeId;
}

/** The read-only view that the methods of a group answer from. */
export function chainReader({
  ledger,
  chain,
  past,
  group,
  nodeId,
  revertReasons = false,
}: ChainReaderParts): GroupReader {
  const { suite, version, consensusType } = ledger.rules;
  return {
    suite,
    version,
    consensusType,
    revertReasons,
    isMember: () => ledger.head().sealers.includes(nodeId) || ledger.head().observers.includes(nodeId),
    head() {
      const { header, sealers, observers, totalTransactions, failedTransactions } = ledger.head();
      return { number: header.number, sealers, observers, totalTransactions, failedTransactions };
    },
    hashAt: (height) => ledger.hashAt(height),
    heightOf: (hash) => ledger.numberOf(hash),
    block: (height) => ledger.block(height),
    locateTransaction(hash) {
      const place = ledger.locateTransaction(hash);
      return place === undefined ? undefined : { height: place.number, index: place.index };
    },
    systemConfig: (key, height) => ledger.systemConfig(key, height),
    code: (address) => chain.codeAt(address),
    pending: () => group.pool.pending(),
    pendingCount: () => group.pool.size,
    consensusNodes: () => group.consensusNodes(),
    consensusStatus: () => group.consensusStatus() as Json,
    pbftView: () => group.pbftView(),
    syncStatus: () => group.syncStatus() as Json,
    call: (request) => chain.call(request),
    callAfter: (height, request) =>
      past?.call(height, request) ?? Promise.resolve(err({ code: "state-not-kept", from: undefined })),
  };
}
