/** Typed reading of an INI document: defaults for what is missing, one problem for each value that cannot be used. */
import { isIP } from "node:net";
import { isNodeId, nodeId } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import type { IniDocument, IniEntry, IniSection } from "./ini.js";
import { nearestName } from "./problems.js";
import type { Problem } from "./problems.js";

/** A place to listen at or to connect to. */
export interface HostAndPort {
  /** IPv4 address, IPv6 address without brackets, or host name. */
  readonly host: string;
  readonly port: number;
}

/** Bounds of a number, both included. */
export interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What is allowed, in words, where the bounds would not say it well. */
  readonly allowed?: string;
}

/** Names of hosts; containers have underscores in theirs, and a dot at the end keeps search domains out. */
const HOST_NAME = /^(?=.{1,254}$)(?!.*\.\.)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/;

/** `host:port` or `[ipv6]:port`; undefined when it is neither. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, name, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return undefined;
  if (ipv6 !== undefined) return isIP(ipv6) === 6 ? { host: ipv6, port } : undefined;
  return name !== undefined && isHost(name) ? { host: name, port } : undefined;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostAndPort({ host, port }: HostAndPort): string {
  return host.includes(":") ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

function isHost(text: string): boolean {
  // Four numbers that are no address would otherwise pass as a host name.
  return isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text));
}

/** Reads one document and remembers which names exist, so that unknown ones can be pointed out at the end. */
export class Settings {
  readonly document: IniDocument;
  readonly problems: Problem[];
  readonly #known = new Map<string, Set<string | RegExp>>();

  constructor(document: IniDocument, problems: Problem[]) {
    this.document = document;
    this.problems = problems;
  }

  /** The section by its name or, when only that exists, by the name it had in older versions. */
  section(name: string, oldName?: string): SectionSettings {
    const { sections } = this.document;
    const used = oldName !== undefined && !sections.has(name) && sections.has(oldName) ? oldName : name;
    const known = this.#knownOf(used);
    if (oldName !== undefined) this.#knownOf(oldName);
    return new SectionSettings(used, sections.get(used), this, known);
  }

  /** Adds an error about an entry, or about the absence of one. */
  refuse(name: string, entry: IniEntry | undefined, message: string): void {
    this.#add("error", name, entry, message);
  }

  /** Adds a warning about an entry. */
  warn(name: string, entry: IniEntry | undefined, message: string): void {
    this.#add("warning", name, entry, message);
  }

  /** Every `section.key` that was asked for; lists end with `N`. */
  knownNames(): string[] {
    return [...this.#known].flatMap(([section, keys]) =>
      [...keys].map((key) => `${section}.${typeof key === "string" ? key : key.source.replace(/[\^\\]/g, "") + "N"}`),
    );
  }

  /** Warns of every section and key that nobody asked for; a misspelt one silently takes its default. */
  warnOfUnknown(): void {
    for (const section of this.document.sections.values()) {
      const known = this.#known.get(section.name);
      if (known === undefined) {
        const near = nearestName(section.name, this.#known.keys());
        const hint = near === undefined ? "" : `; did you mean [${near}]?`;
        const line = section.line;
        const { file } = this.document;
        const message = `unknown section [${section.name}] is ignored${hint}`;
        this.problems.push({ severity: "warning", file, line, name: undefined, value: undefined, message });
        continue;
      }
      for (const entry of section.entries.values()) this.#warnOfUnknownKey(section, entry, known);
    }
  }

  #warnOfUnknownKey(section: IniSection, entry: IniEntry, known: ReadonlySet<string | RegExp>): void {
    const names: string[] = [];
    for (const name of known) {
      if (typeof name !== "string") {
        if (name.test(entry.key)) return;
      } else if (name === entry.key) return;
      else names.push(name);
    }
    const elsewhere = [...this.#known].find(([, keys]) => keys.has(entry.key))?.[0];
    const near = nearestName(entry.key, names);
    const hint =
      near !== undefined ? `; did you mean ${near}?` : elsewhere !== undefined ? `; it belongs to [${elsewhere}]` : "";
    this.warn(`${section.name}.${entry.key}`, entry, `unknown key is ignored${hint}`);
  }

  #knownOf(section: string): Set<string | RegExp> {
    let known = this.#known.get(section);
    if (known === undefined) {
      known = new Set();
      this.#known.set(section, known);
    }
    return known;
  }

  #add(severity: Problem["severity"], name: string, entry: IniEntry | undefined, message: string): void {
    const { file } = this.document;
    this.problems.push({ severity, file, line: entry?.line, name, value: entry?.value, message });
  }
}

/**
 * Reads the keys of one section. An empty value counts as missing, as the chain builder writes some.
 */
export class SectionSettings {
  /** Name of the section that is read: the old one where only that exists. */
  readonly name: string;
  readonly #section: IniSection | undefined;
  readonly #settings: Settings;
  readonly #known: Set<string | RegExp>;

  constructor(name: string, section: IniSection | undefined, settings: Settings, known: Set<string | RegExp>) {
    this.name = name;
    this.#section = section;
    this.#settings = settings;
    this.#known = known;
  }

  /** The entry as written; undefined when missing or empty. */
  entry(key: string): IniEntry | undefined {
    this.#known.add(key);
    const entry = this.#section?.entries.get(key);
    return entry === undefined || entry.value === "" ? undefined : entry;
  }

  /** Marks keys as known whose values have no meaning here. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** Any text; `fallback` when missing. */
  text(key: string, fallback: string): string {
    return this.entry(key)?.value ?? fallback;
  }

  /** `true`, `false`, `1` or `0`. */
  boolean(key: string, fallback: boolean): boolean {
    const entry = this.entry(key);
    if (entry === undefined) return fallback;
    if (entry.value === "true" || entry.value === "1") return true;
    if (entry.value === "false" || entry.value === "0") return false;
    this.refuse(key, "must be true or false");
    return fallback;
  }

  /** A whole number within its bounds. */
  integer(key: string, rule: NumberRule): number {
    return this.#number(key, rule, /^[+-]?\d+$/, "a whole number");
  }

  /** A decimal number within its bounds. */
  decimal(key: string, rule: NumberRule): number {
    return this.#number(key, rule, /^[+-]?(\d+\.?\d*|\.\d+)$/, "a number");
  }

  /** One of a few words, compared without regard to case; the result is as in `allowed`. */
  choice<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const entry = this.entry(key);
    if (entry === undefined) return fallback;
    const chosen = allowed.find((word) => word === entry.value.toLowerCase());
    if (chosen === undefined) this.refuse(key, `must be one of ${allowed.join(", ")}`);
    return chosen ?? fallback;
  }

  /** An address to listen at. */
  address(key: string, fallback: string): string {
    const entry = this.entry(key);
    if (entry === undefined) return fallback;
    if (!isHost(entry.value)) this.refuse(key, "must be an IP address or a host name");
    return entry.value;
  }

  /** A port to listen at. */
  port(key: string, fallback: number): number {
    return this.integer(key, { default: fallback, min: 1025, max: 65535 });
  }

  /** All entries whose key begins with `prefix`, in the order of the file; empty ones are left out. */
  list(prefix: string): IniEntry[] {
    this.#known.add(new RegExp(`^${prefix.replace(".", "\\.")}`));
    const entries = this.#section?.entries.values() ?? [];
    return [...entries].filter((entry) => entry.key.startsWith(prefix) && entry.value !== "");
  }

  /** Node ids of a list, in the order of the file, lower-cased; each may come once. */
  nodeIds(prefix: string): NodeId[] {
    const ids = new Map<NodeId, string>();
    for (const { key, value } of this.list(prefix)) {
      if (!isNodeId(value)) {
        // Skipping it would be worse: a white list with nothing valid in it lets everybody in.
        this.refuse(key, `must be a node id, 128 hexadecimal digits; it has ${String(value.length)} characters`);
        continue;
      }
      const id = nodeId(value);
      const earlier = ids.get(id);
      if (earlier !== undefined) this.refuse(key, `is the same node as ${earlier}`);
      else ids.set(id, key);
    }
    return [...ids.keys()];
  }

  /** Adds an error about a key. */
  refuse(key: string, message: string): void {
    this.#settings.refuse(`${this.name}.${key}`, this.#section?.entries.get(key), message);
  }

  /** Adds a warning about a key. */
  warn(key: string, message: string): void {
    this.#settings.warn(`${this.name}.${key}`, this.#section?.entries.get(key), message);
  }

  #number(key: string, rule: NumberRule, form: RegExp, what: string): number {
    const entry = this.entry(key);
    if (entry === undefined) return rule.default;
    const value = form.test(entry.value) ? Number(entry.value) : Number.NaN;
    if (value >= rule.min && value <= rule.max) return value;
    const { min, max } = rule;
    const range =
      max >= Number.MAX_SAFE_INTEGER
        ? `${what} of at least ${String(min)}`
        : `${what} from ${String(min)} to ${String(max)}`;
    this.refuse(key, `must be ${rule.allowed ?? range}`);
    return rule.default;
  }
}
