/** The interfaces of the contracts built into the nodes, in the form that each line of compilers wants. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import semver from "semver";

/** The same folder from the sources and from what is built of them. */
const FOLDER = fileURLToPath(new URL("../../src/solidity/interfaces/", import.meta.url));

/** Names of the files, such as `Table.sol`. */
export function interfaceFiles(): readonly string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith(".sol"));
}

/** One of them, as written for the newest compilers. */
export function readInterface(name: string): string {
  return readFileSync(`${FOLDER}${name}`, "utf8");
}

/** The text for a version: older compilers lack words that newer ones insist on. */
export function adaptInterface(text: string, version: string): string {
  let adapted = text;
  if (semver.lt(version, "0.6.0"))
    adapted = adapted.replace(/\babstract contract\b/g, "contract").replace(/ virtual;/g, ";");
  if (semver.lt(version, "0.5.0")) adapted = adapted.replace(/ calldata\b/g, "");
  return adapted;
}
