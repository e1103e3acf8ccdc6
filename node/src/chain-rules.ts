/** Rules of a group's chain from what its threads are started with. */
import type { ChainRules, ConsensusType, GenesisConfig } from "@tsbcos/core/ledger";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import type { NativeSuites } from "./crypto/index.js";

/** The rules that never change on the chain. */
export function chainRulesOf(
  start: {
    readonly version: number;
    readonly sm: boolean;
    readonly chainId: bigint;
    readonly genesis: GenesisConfig;
  },
  suites: Pick<NativeSuites, "sm" | "standard">,
): ChainRules {
  const { genesis } = start;
  return {
    version: start.version as SupportedVersion,
    suite: start.sm ? suites.sm : suites.standard,
    chainId: start.chainId,
    groupId: genesis.groupId,
    freeStorage: genesis.freeStorage,
    consensusType: genesis.consensusType.toLowerCase() as ConsensusType,
  };
}
