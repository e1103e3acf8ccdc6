/** Where the nodes of a new chain are to be: the words of `-l` and the lines of the file of `-f`. */
import { isIPv6 } from "node:net";
import { refuse, wholeNumber } from "./refusals.js";

/** First P2P, channel and RPC port. */
export type Ports = readonly [p2p: number, channel: number, rpc: number];

/** Nodes of one agency on one machine. */
export interface HostLine {
  /** IP address or host name under which the other nodes reach the machine; IPv6 without brackets. */
  readonly ip: string;
  readonly count: number;
  readonly agency: string;
  readonly groups: readonly number[];
  /** Ports of the first node; undefined: those of `-p`, counted on. */
  readonly ports: Ports | undefined;
}

const PORT_FIRST = 1025;
const PORT_LAST = 65535;
const GROUP_LAST = 32767;
const NODES_MAX = 1000;

/** `p2p,channel,rpc`; `option` is named in refusals. */
export function parsePorts(text: string, option: string): Ports {
  const words = text.split(",");
  if (words.length !== 3) {
    refuse("bad-ports", `${option} takes three ports: P2P,channel,RPC (such as 30300,20200,8545), not "${text}".`);
  }
  const port = (word: string | undefined): number =>
    wholeNumber(word?.trim() ?? "", `A port of ${option}`, [PORT_FIRST, PORT_LAST]);
  return [port(words[0]), port(words[1]), port(words[2])];
}

/** Names of agencies become folders and parts of certificates. */
export function checkName(name: string, what: string): string {
  // A name of dots alone would be another folder.
  if (!/^[a-zA-Z0-9._-]{1,64}$/.test(name) || /^\.+$/.test(name)) {
    refuse("bad-name", `${what} must be 1 to 64 letters, digits, dots, dashes or underscores, not "${name}".`);
  }
  return name;
}

/** `ip:count,ip2:count` of `-l`: one agency, group 1. */
export function parseHostList(text: string, agency: string, ipv6: boolean): HostLine[] {
  const lines = text.split(",").map((word) => ({
    ...parseHost(word.trim(), "-l", ipv6),
    agency,
    groups: [1],
    ports: undefined,
  }));
  if (new Set(lines.map((line) => line.ip)).size !== lines.length) {
    refuse("repeated-host", `-l names an ip twice: "${text}". Give each ip once, with the number of its nodes.`);
  }
  return lines;
}

/** Lines `ip:count agency groups [p2p,channel,rpc]` of the file of `-f`; empty ones are passed over. */
export function parseHostFile(text: string, ipv6: boolean): HostLine[] {
  const lines = text.split("\n").flatMap((raw, index) => {
    const words = raw.trim().split(/\s+/);
    return words[0] === "" ? [] : [parseHostLine(words, `Line ${index + 1} of the file of -f`, ipv6)];
  });
  if (lines.length === 0) refuse("no-hosts", "The file of -f is empty; each line is: ip:count agency groups [ports].");
  return lines;
}

function parseHostLine(words: readonly string[], place: string, ipv6: boolean): HostLine {
  const [host = "", agency = "", groups, ports, ...more] = words;
  if (groups === undefined || more.length > 0) {
    refuse(
      "bad-line",
      `${place} must be: ip:count agency groups [p2p,channel,rpc], such as "127.0.0.1:4 agency1 1,2 30300,20200,8545".`,
    );
  }
  return {
    ...parseHost(host, place, ipv6),
    agency: checkName(agency, `${place}: the name of the agency`),
    groups: parseGroups(groups, `${place}: a group`),
    ports: ports === undefined ? undefined : parsePorts(ports, place),
  };
}

/** `1,2`: numbers of groups, each once; `what` is named in refusals. */
export function parseGroups(text: string, what: string): number[] {
  const groups = text.split(",").map((word) => wholeNumber(word, what, [1, GROUP_LAST]));
  if (new Set(groups).size !== groups.length) refuse("repeated-group", `${what} is named twice: "${text}".`);
  return groups;
}

function parseHost(word: string, place: string, ipv6: boolean): { ip: string; count: number } {
  // The count stands behind the last colon; an IPv6 address without a count needs brackets to be told apart.
  const form = ipv6 ? /^(?:\[([^\]]+)\](?::(\d+))?|(.+):(\d+))$/ : /^([A-Za-z0-9.-]+)(?::(\d+))?$/;
  const match = form.exec(word);
  const ip = match?.[1] ?? match?.[3] ?? "";
  const usable = ipv6 ? isIPv6(ip) : ip !== "" && !/^\.+$/.test(ip);
  if (match === null || !usable) {
    const example = ipv6 ? "with -6 ip:count, such as [::1]:4" : "ip:count (such as 127.0.0.1:4; IPv6 needs -6)";
    refuse("bad-hosts", `${place} takes ${example}, not "${word}".`);
  }
  const count = wholeNumber(match[2] ?? match[4] ?? "1", `${place}: the number of nodes of an ip`, [1, NODES_MAX]);
  return { ip, count };
}

/** Refuses ports that do not exist or are used twice on one machine. */
export function checkPorts(
  nodes: readonly {
    readonly name: string;
    readonly ip: string;
    readonly p2pPort: number;
    readonly channelPort: number;
    readonly rpcPort: number;
  }[],
): void {
  const taken = new Set<string>();
  for (const node of nodes) {
    for (const port of [node.p2pPort, node.channelPort, node.rpcPort]) {
      if (port > PORT_LAST) {
        refuse(
          "port-too-high",
          `${node.name} would need port ${port}; the highest is ${PORT_LAST}. Choose lower ports with -p.`,
        );
      }
      if (taken.has(`${node.ip} ${port}`)) {
        refuse("ports-overlap", `Port ${port} would be used twice on ${node.ip}. Choose ports further apart with -p.`);
      }
      taken.add(`${node.ip} ${port}`);
    }
  }
}
