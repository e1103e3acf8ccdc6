/** The words `tsbcos chain add-...` and `renew`: what changes a chain that exists. Each says what is to be done next. */
import type { Command } from "commander";
import { nodeProgram } from "../processes/index.js";
import { addGroup } from "./add-group.js";
import { addNode } from "./add-node.js";
import { addAgency, addSdk } from "./agencies.js";
import { parseGroups } from "./hosts.js";
import { parseConsensus, parseDays } from "./plan.js";
import { wholeNumber } from "./refusals.js";
import { addRenewCommand } from "./renew-command.js";
import { say, shorten } from "./speaking.js";

const DAYS = ["-X, --days <number>", "validity of the certificates in days", "36500"] as const;
const GROUP_LAST = 32767;

/** Adds `add-agency`, `add-node`, `add-sdk`, `add-group` and `renew`. */
export function addChangeCommands(chain: Command): void {
  addAgencyCommand(chain);
  addNodeCommand(chain);
  addSdkCommand(chain);
  addGroupCommand(chain);
  addRenewCommand(chain);
}

function addAgencyCommand(chain: Command): void {
  chain
    .command("add-agency")
    .description("make an agency below the CA of a chain")
    .requiredOption("-c, --ca <folder>", "folder of the chain's CA, such as nodes/cert")
    .requiredOption("-a, --agency <name>", "name of the new agency")
    .option("-g, --sm-ca <folder>", "folder of the chain's SM CA, such as nodes/gmcert")
    .option(...DAYS)
    .action(async (options: { ca: string; agency: string; smCa?: string; days: string }) => {
      const { agency: name, days } = options;
      const chains = { chainFolder: options.ca, smChainFolder: options.smCa };
      const folders = await addAgency({ ...chains, name, days: parseDays(days) });
      const [standard = "", sm] = folders.map(shorten);
      say(`Agency ${name} is in ${folders.map(shorten).join(" and ")}.`);
      say("Next: give the agency its folder, and nobody else its keys. It adds nodes and SDKs by itself:");
      const sign = `-c ${standard}${sm === undefined ? "" : ` -g ${sm}`}`;
      say(`  tsbcos chain add-node <folder of a node> ${sign} -o <folder of the new node>`);
      say(`  tsbcos chain add-sdk ${sign} -o <folder of the SDK>`);
    });
}

interface NodeWords {
  readonly output?: string;
  readonly host?: string;
  readonly agency?: string;
  readonly smAgency?: string;
  readonly ports?: string;
  readonly groups?: string;
  readonly days: string;
}

function addNodeCommand(chain: Command): void {
  chain
    .command("add-node")
    .description("make a node: certificates of its agency, settings and groups of a member")
    .argument("<member>", "folder of a node that is in the groups, such as nodes/127.0.0.1/node0")
    .option("-o, --output <folder>", "folder of the new node (default: the next nodeN beside the member)")
    .option("-H, --host <address>", "where other nodes reach it (default: the name of the folder above)")
    .option("-c, --agency <folder>", "folder of the agency (default: the member's, in ../../cert)")
    .option("-g, --sm-agency <folder>", "folder of the SM agency (default: the member's, in ../../gmcert)")
    .option("-p, --ports <p2p,channel,rpc>", "its ports (default: the next ones beside it)")
    .option("--groups <numbers>", "groups to take over, such as 1,2 (default: all of the member)")
    .option(...DAYS)
    .action(async (member: string, words: NodeWords) => {
      const groups = words.groups === undefined ? undefined : parseGroups(words.groups, "A group of --groups");
      const { output, host, ports, agency: agencyFolder, smAgency: smAgencyFolder } = words;
      const days = parseDays(words.days);
      const node = await addNode({ member, output, host, ports, agencyFolder, smAgencyFolder, groups, days }, nodeProgram());
      const folder = shorten(node.directory);
      const { p2pPort, channelPort, rpcPort } = node.ports;
      say(`New node in ${folder}`);
      say(`  node id  ${node.nodeId}`);
      say(`  address  ${node.host}  P2P ${p2pPort}  channel ${channelPort}  RPC ${rpcPort}`);
      say(`  groups   ${node.groups.join(", ")}`);
      for (const note of node.notes) say(`[WARN] ${note}`);
      say("Next:");
      say(`  1. start it:  bash ${folder}/start.sh   (it connects to the others; they need no change)`);
      say(`  2. let it in, in the console of a member, for each of its groups:  addObserver ${node.nodeId}`);
      say(`     and once its block number has caught up:                       addSealer ${node.nodeId}`);
    });
}

function addSdkCommand(chain: Command): void {
  chain
    .command("add-sdk")
    .description("make the keys and certificates of an SDK")
    .requiredOption("-c, --agency <folder>", "folder of the agency of the nodes it connects to, such as nodes/cert/agency")
    .requiredOption("-o, --output <folder>", "folder for its files")
    .option("-g, --sm-agency <folder>", "for SM TLS too: folder of the SM agency, such as nodes/gmcert/agency-gm")
    .option("-R, --ec-channel", "a certificate on secp256k1, for chains with rsa_crypto_channel=false")
    .option(...DAYS)
    .action(async (words: { agency: string; output: string; smAgency?: string; ecChannel?: boolean; days: string }) => {
      const rsa = words.ecChannel !== true;
      const { agency: agencyFolder, smAgency: smAgencyFolder, output } = words;
      const folder = await addSdk({ agencyFolder, smAgencyFolder, output, rsa, days: parseDays(words.days) });
      say(`The SDK's files are in ${shorten(folder)}.`);
      say("Next: copy ca.crt, sdk.crt and sdk.key into the SDK's conf folder" + (smAgencyFolder === undefined ? "." : ", and the folder gm for SM TLS."));
      if (!rsa) {
        say("Where a group has an sdk_allowlist, add the text of sdk.publickey as public_key.N to group.N.ini of its nodes,");
        say("and run scripts/reload_sdk_allowlist.sh there.");
      }
    });
}

function addGroupCommand(chain: Command): void {
  chain
    .command("add-group")
    .description("make a group among nodes that exist, or give an existing group to more nodes")
    .argument("<nodes...>", "folders of the nodes; name one that has the group to expand it")
    .requiredOption("-n, --group <number>", "number of the group")
    .option("-c, --consensus <type>", "of a new group: pbft, rpbft, raft, solo", "pbft")
    .option("-E, --free-storage", "of a new group: storage operations cost next to nothing")
    .option("--sealers <ids>", "of a new group: node ids of more sealers, on other machines")
    .action(
      async (
        nodes: readonly string[],
        words: { group: string; consensus: string; freeStorage?: boolean; sealers?: string },
      ) => {
        const group = wholeNumber(words.group, "The number of the group (-n)", [1, GROUP_LAST]);
        const otherSealers = words.sealers?.split(",") ?? [];
        const freeStorage = words.freeStorage ?? false;
        const consensus = parseConsensus(words.consensus);
        const added = await addGroup({ group, nodes, otherSealers, consensus, freeStorage });
        const isNew = added.kind === "new";
        say(`Group ${group} ${isNew ? "is new; its first sealers:" : "exists; it has been given to:"}`);
        for (const { folder, nodeId } of added.nodes) say(`  ${shorten(folder.directory)}  ${nodeId}`);
        say("Next:");
        if (otherSealers.length > 0) {
          say(`  0. copy ${shorten(added.genesisFile)} and the group.${group}.ini beside it to the other sealers, unchanged`);
        }
        say("  1. let the running nodes load it (nodes that are started later do so by themselves):");
        for (const { folder } of added.nodes) say(`       bash ${shorten(folder.directory)}/scripts/load_new_groups.sh`);
        if (isNew) return;
        say(`  2. let them in, in the console of a member:  switch ${group}, then for each  addObserver <node id>`);
        say("     and once its block number has caught up:  addSealer <node id>");
      },
    );
}
