/** Adding an agency to a chain, and an SDK to an agency. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  agencyFiles,
  agencyFolder,
  channelAuthorityFiles,
  createAgency,
  createChannelAuthority,
  readChainAuthority,
  readChannelAuthority,
  readLeafAuthority,
} from "./authorities.js";
import { createSdkCredentials, type AgencyAuthorities } from "./credentials.js";
import { checkName } from "./hosts.js";
import { refuse } from "./refusals.js";
import { below, writeFiles } from "./text-files.js";

/** What `add-agency` needs. */
export interface AgencyOptions {
  /** Folder of the chain's CA: `cert/`. */
  readonly chainFolder: string;
  /** Folder of the chain's SM CA, on SM chains: `gmcert/`. */
  readonly smChainFolder: string | undefined;
  readonly name: string;
  /** Days that its certificates hold. */
  readonly days: number;
}

/**
 * Makes an agency below the CA of a chain.
 *
 * @returns the folders that were made
 * @throws ChainBuildError when the CA cannot be used or the agency is there
 */
export async function addAgency(options: AgencyOptions): Promise<readonly string[]> {
  const { days } = options;
  const name = checkName(options.name, "The name of the agency (-a)");
  const folder = resolve(options.chainFolder, name);
  const smFolder = options.smChainFolder && resolve(options.smChainFolder, agencyFolder("sm", name));
  for (const place of [folder, smFolder]) {
    if (place !== undefined && existsSync(place)) {
      refuse("output-exists", `${place} is there already. Choose another name with -a.`);
    }
  }
  const chain = readChainAuthority(options.chainFolder, "standard", "-c");
  const smChain = options.smChainFolder && readChainAuthority(options.smChainFolder, "sm", "-g");
  const standard = await createAgency(chain, name, days);
  const channel = await createChannelAuthority(name, days);
  await writeFiles(folder, [...agencyFiles(standard, chain), ...channelAuthorityFiles(channel)]);
  if (smFolder === undefined || !smChain) return [folder];
  await writeFiles(smFolder, agencyFiles(await createAgency(smChain, name, days), smChain));
  return [folder, smFolder];
}

/**
 * Reads who signs for an agency.
 *
 * @throws ChainBuildError when files are missing, damaged or do not belong together
 */
export function readAgency(options: {
  /** Its folder below `cert/`, or `cert/` itself in a chain without agencies. */
  readonly folder: string;
  /** The same below `gmcert/`, on SM chains. */
  readonly smFolder: string | undefined;
  readonly days: number;
}): AgencyAuthorities {
  return {
    standard: readLeafAuthority(options.folder, "standard", "-c"),
    channel: readChannelAuthority(options.folder, "-c"),
    sm: options.smFolder === undefined ? undefined : readLeafAuthority(options.smFolder, "sm", "-g"),
    days: options.days,
  };
}

/** What `add-sdk` needs. */
export interface SdkOptions {
  readonly agencyFolder: string;
  readonly smAgencyFolder: string | undefined;
  readonly output: string;
  /** Whether the channel of the chain takes RSA certificates. */
  readonly rsa: boolean;
  readonly days: number;
}

/**
 * Makes the keys and certificates of an SDK in a new folder.
 *
 * @returns the folder
 * @throws ChainBuildError when the agency cannot be used or the folder holds an SDK's certificates already
 */
export async function addSdk(options: SdkOptions): Promise<string> {
  const folder = resolve(options.output);
  if (existsSync(join(folder, "sdk.key"))) {
    refuse("output-exists", `${folder} holds the certificates of an SDK already. Choose another folder with -o.`);
  }
  const { agencyFolder: agency, smAgencyFolder: smFolder, days } = options;
  const files = await createSdkCredentials(readAgency({ folder: agency, smFolder, days }), options.rsa);
  await writeFiles(folder, below(".", files));
  return folder;
}
