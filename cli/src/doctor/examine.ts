/** The examination of a node, a machine or a chain, in the order in which mistakes cause each other. */
import { statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { consensusIn, findNodeFolders, type NodeFolder } from "../folders/index.js";
import { checkCertificates, checkSdk } from "./certificates.js";
import { Findings, type Finding } from "./findings.js";
import { checkChain, checkGenesis } from "./genesis.js";
import { checkPorts, checkSharedPorts, isOfThisMachine } from "./ports.js";
import { askNode, checkBlocks, checkClocks, checkIdentity, checkMembership, type RunningNode } from "./running.js";
import { checkSettings } from "./settings.js";
import { checkShownCertificate } from "./shown.js";
import { checkMutualTrust } from "./trust.js";

interface Patient {
  readonly folder: NodeFolder;
  readonly findings: Findings;
  readonly nodeId: string | undefined;
  readonly running: RunningNode | undefined;
}

/** What was looked at, and what was found. */
export interface Examination {
  /** The nodes, as folders below the path that was named, and the URLs of others. */
  readonly nodes: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Looks at everything.
 *
 * @param path a settings file, or the folder of a node, of a machine, or of a whole chain
 * @param urls JSON-RPC of more nodes, on other machines
 * @throws CodedError when there is no node at `path`
 */
export async function examine(path: string, urls: readonly string[] = []): Promise<Examination> {
  const folders = findNodeFolders(path);
  const patients: Patient[] = [];
  for (const folder of folders) patients.push(await examineNode(folder));
  const remote = await Promise.all(urls.map(askRemote));
  const running = [...patients, ...remote].flatMap((one) => one.running ?? []);
  const names = new Map(
    patients.flatMap(({ folder, nodeId }) => (nodeId === undefined ? [] : [[nodeId, folder.name]])),
  );
  const consensusOf = (group: number): string => consensusIn(folders, group);
  for (const one of [...patients, ...remote]) {
    if (one.running !== undefined) checkMembership(one.running, { names, consensusOf }, one.findings);
  }
  noteWhoIsDown(patients, running.length > 0);
  const base = statSync(path).isFile() ? dirname(path) : path;
  const nodes = [...folders.map((folder) => relative(base, folder.directory) || folder.name), ...urls];
  const findings = [
    ...[...patients, ...remote].flatMap(({ findings: own }) => own.list),
    ...examineMachines(folders),
    ...(await examineChain(folders, running)),
  ];
  return { nodes, findings };
}

async function examineNode(folder: NodeFolder): Promise<Patient> {
  const findings = new Findings(folder.directory);
  checkSettings(folder, findings);
  const nodeId = checkCertificates(folder, findings);
  if (!isOfThisMachine(folder)) {
    findings.note("running", "the folder is for another machine: ports and connections are not looked at here");
    return { folder, findings, nodeId, running: undefined };
  }
  const running = await askNode(folder.name, folder.rpcUrl, folder.groups, findings);
  await checkPorts(folder, running !== undefined, findings);
  if (running !== undefined) {
    await checkShownCertificate(folder, findings);
    checkIdentity(folder, running, nodeId, findings);
  }
  return { folder, findings, nodeId, running };
}

async function askRemote(url: string): Promise<{ findings: Findings; running: RunningNode | undefined }> {
  const findings = new Findings(url);
  const running = await askNode(url, url, [], findings);
  if (running === undefined) {
    const remedy = "See that it runs, and that rpc.jsonrpc_listen_ip lets this machine ask.";
    findings.error("running", "The node does not answer.", remedy);
  } else {
    const groups = running.groups.map(({ group }) => group).join(", ");
    findings.ok("running", `version ${running.version}, groups ${groups}, ${running.connected.size} connections`);
  }
  return { findings, running };
}

/** Whether a node that is down is a mistake depends on the others. */
function noteWhoIsDown(patients: readonly Patient[], othersRun: boolean): void {
  for (const { folder, findings, running } of patients) {
    if (running !== undefined || !isOfThisMachine(folder)) continue;
    const message = `The node does not run: no answer at ${folder.rpcUrl}.`;
    const remedy = `bash ${join(folder.directory, "start.sh")}  (its last words are in nohup.out and log/)`;
    if (othersRun) findings.warning("running", message, remedy);
    else findings.note("running", message);
  }
}

function examineMachines(folders: readonly NodeFolder[]): readonly Finding[] {
  const machines = new Set(folders.map((folder) => dirname(folder.directory)));
  return [...machines].flatMap((machine) => {
    const own = folders.filter((folder) => dirname(folder.directory) === machine);
    const findings = new Findings(machine);
    checkSharedPorts(own, findings);
    checkSdk(join(machine, "sdk"), own, findings);
    return findings.list;
  });
}

async function examineChain(
  folders: readonly NodeFolder[],
  running: readonly RunningNode[],
): Promise<readonly Finding[]> {
  const chain = new Findings("chain");
  checkChain(folders, chain);
  checkMutualTrust(folders, chain);
  checkClocks(running, chain);
  const numbers = new Set([
    ...folders.flatMap((folder) => folder.groups),
    ...running.flatMap((node) => node.groups.map(({ group }) => group)),
  ]);
  const groups: Finding[] = [];
  for (const group of [...numbers].sort((a, b) => a - b)) {
    const findings = new Findings(`group ${group}`);
    checkGenesis(group, folders, findings);
    if (running.some((node) => node.groups.some((state) => state.group === group))) {
      await checkBlocks(group, running, findings);
    }
    groups.push(...findings.list);
  }
  return [...chain.list, ...groups];
}
