/** What was deployed from here: `deploylog.txt`, and each contract as it was then. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Abi, SuiteName } from "@tsbcos/sdk";
import type { Home } from "../home.js";

/** A contract that was deployed. */
export interface Deployment {
  /** Local time as `2026-01-31 12:00:00`. */
  readonly time: string;
  readonly groupId: number;
  readonly name: string;
  readonly address: string;
}

/** What is needed to call a contract. */
export interface CallableContract {
  readonly name: string;
  readonly abi: Abi;
  /** The hash that its selectors are cut from. */
  readonly hash: SuiteName;
}

const LINES_MAX = 10_000;
const NAME_WIDTH = 20;
const ADDRESS = /^0x[0-9a-f]{40}$/;

/** The log and the kept contracts of one console folder. */
export class Deployments {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  /** Lines of the log that are of a group, oldest first. */
  lines(groupId: number): readonly string[] {
    return this.#read().filter((line) => parse(line)?.groupId === groupId);
  }

  /** Everything deployed in a group, oldest first: of the log, and kept contracts that the log does not tell of. */
  all(groupId: number): readonly Deployment[] {
    const logged = this.#read().flatMap((line) => {
      const one = parse(line);
      return one?.groupId === groupId ? [one] : [];
    });
    const known = new Set(logged.map(({ address }) => address));
    const kept = this.#kept(groupId).filter(({ address }) => !known.has(address));
    return [...kept, ...logged].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  /** Everything of that name, oldest first. */
  of(groupId: number, name: string): readonly Deployment[] {
    return this.all(groupId).filter((one) => one.name === name);
  }

  /** Notes a deployment, and keeps the contract. */
  note(
    deployed: { readonly groupId: number; readonly address: string },
    contract: CallableContract & { readonly bytecode: string },
  ): void {
    const { groupId, address } = deployed;
    const { name, abi, bytecode, hash } = contract;
    const folder = this.#folderOf(groupId, name, address);
    const code = hash === "sm" ? join(folder, "sm") : folder;
    mkdirSync(code, { recursive: true });
    writeFileSync(join(folder, `${name}.abi`), JSON.stringify(abi));
    writeFileSync(join(code, `${name}.bin`), bytecode);
    const line = `${localTime(new Date())}  [group:${groupId}]  ${name.padEnd(NAME_WIDTH)}  ${address}\n`;
    mkdirSync(dirname(this.#home.deployLog), { recursive: true });
    const lines = this.#read();
    if (lines.length < LINES_MAX) appendFileSync(this.#home.deployLog, line);
    else writeFileSync(this.#home.deployLog, `${lines.slice(1 - LINES_MAX).join("\n")}\n${line}`);
  }

  /** The contract as it was deployed at an address; undefined when it was deployed elsewhere. */
  contractAt(groupId: number, name: string, address: string, chain: SuiteName): CallableContract | undefined {
    const folder = this.#folderOf(groupId, name, address);
    try {
      const abi = JSON.parse(readFileSync(join(folder, `${name}.abi`), "utf8")) as Abi;
      // Consoles before this one kept one code only, which was for the chain.
      const isSm = existsSync(join(folder, "sm", `${name}.bin`));
      const isStandard = existsSync(join(folder, `${name}.bin`));
      return { name, abi, hash: isSm === isStandard ? chain : isSm ? "sm" : "standard" };
    } catch {
      return undefined;
    }
  }

  #folderOf(groupId: number, name: string, address: string): string {
    return join(this.#home.compiledFolder, String(groupId), name, address);
  }

  #read(): readonly string[] {
    try {
      return readFileSync(this.#home.deployLog, "utf8").split("\n").filter(Boolean);
    } catch {
      return [];
    }
  }

  #kept(groupId: number): readonly Deployment[] {
    const group = join(this.#home.compiledFolder, String(groupId));
    return foldersIn(group).flatMap((name) =>
      foldersIn(join(group, name))
        .filter((address) => ADDRESS.test(address))
        .map((address) => ({
          time: localTime(statSync(join(group, name, address)).mtime),
          groupId,
          name,
          address,
        })),
    );
  }
}

function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function parse(line: string): Deployment | undefined {
  const [, time, group, name, address] =
    /^(\S+ \S+)\s+\[group:(\d+)\]\s+(\S+)\s+(0x[0-9a-fA-F]{40})\s*$/.exec(line) ?? [];
  if (time === undefined || name === undefined || address === undefined) return undefined;
  return { time, groupId: Number(group), name, address: address.toLowerCase() };
}

function localTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
