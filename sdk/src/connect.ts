/** The usual way in: a list of nodes, over JSON-RPC or over the channel. */
import { CodedError } from "@tsbcos/core/primitives";
import { channelTransport } from "./channel/transport.js";
import type { ChannelCredentials } from "./channel/credentials.js";
import { connectOver, type Client, type ClientOptions } from "./client.js";
import { httpTransport } from "./rpc/http.js";

/** Which nodes, and who acts on them. */
export interface ConnectOptions extends ClientOptions {
  /**
   * URLs of JSON-RPC ports (`http://127.0.0.1:8545`), or `host:port` of channel ports (`127.0.0.1:20200`). The channel
   * pushes receipts, blocks and logs, and carries AMOP.
   */
  readonly nodes: string | readonly string[];
  /**
   * For the channel: the folder with `ca.crt`, `sdk.crt` and `sdk.key`, or their contents; for nodes with
   * `sm_crypto_channel=true` that with `gmca.crt`, mostly `sdk/gm`.
   */
  readonly tls?: string | ChannelCredentials;
  /** For connecting, and for answers; 10 seconds by default. */
  readonly timeoutMs?: number;
}

/**
 * Connects to a chain.
 *
 * @throws ConnectionError that says what is wrong with each node; CodedError `bad-node`, `bad-url`, `bad-credentials`,
 * `wrong-account`
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const nodes = typeof options.nodes === "string" ? [options.nodes] : options.nodes;
  const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  const urls = nodes.filter((node) => node.includes("://"));
  if (urls.length === nodes.length) return connectOver(httpTransport({ urls, ...timeout }), options);
  if (urls.length > 0) {
    throw new CodedError("bad-node", "Name either URLs of JSON-RPC ports or channel ports, not both kinds at once.");
  }
  const { tls } = options;
  if (tls === undefined) {
    throw new CodedError(
      "bad-credentials",
      `${nodes.join(", ")} are channel ports, which ask for certificates: name the sdk folder of the chain as \`tls\`. ` +
        "(JSON-RPC ports are written as URLs, such as http://127.0.0.1:8545.)",
    );
  }
  const transport = await channelTransport({ nodes, tls, ...timeout });
  try {
    return await connectOver(transport, options);
  } catch (error) {
    await transport.close();
    throw error;
  }
}
