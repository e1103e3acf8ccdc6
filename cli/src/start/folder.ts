/** Finds the nodes of a chain folder on this machine. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";

/** One node of a chain folder, with what its settings say. */
export interface NodeFolder {
  readonly name: string;
  readonly directory: string;
  readonly configFile: string;
  readonly p2pPort: number;
  readonly channelPort: number;
  readonly rpcPort: number;
  /** Address to reach its RPC port from this machine. */
  readonly rpcHost: string;
}

function setting(text: string, key: string): string | undefined {
  return new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*([^\\s;]+)`, "m").exec(text)?.[1];
}

function readNode(directory: string, name: string): NodeFolder {
  const configFile = join(directory, "config.ini");
  const text = readFileSync(configFile, "utf8");
  const port = (key: string, initial: number): number => Number(setting(text, key) ?? initial);
  const listen = setting(text, "jsonrpc_listen_ip") ?? "127.0.0.1";
  return {
    name,
    directory,
    configFile,
    p2pPort: port("listen_port", 30300),
    channelPort: port("channel_listen_port", 20200),
    rpcPort: port("jsonrpc_listen_port", 8545),
    rpcHost: listen === "0.0.0.0" || listen === "::" ? "127.0.0.1" : listen,
  };
}

/**
 * The nodes below `directory`, by name: `directory/<ip>/nodeN` with a `config.ini`.
 *
 * @throws CodedError when there is none, with what to do
 */
export function readChainFolder(directory: string): readonly NodeFolder[] {
  const nodes = readdirSync(directory, { withFileTypes: true })
    .filter((host) => host.isDirectory())
    .flatMap((host) =>
      readdirSync(join(directory, host.name))
        .filter((name) => /^node\d+$/.test(name) && existsSync(join(directory, host.name, name, "config.ini")))
        .map((name) => readNode(resolve(directory, host.name, name), name)),
    );
  if (nodes.length === 0) {
    throw new CodedError(
      "not-a-chain",
      `${resolve(directory)} holds no nodes (no <ip>/nodeN/config.ini). Name another folder with -d, or remove this one.`,
    );
  }
  return nodes.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}
