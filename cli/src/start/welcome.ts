/** The one table that `tsbcos start` shows, and the first things to try. */
import type { NodeFolder } from "../folders/index.js";

/**
 * Text of the table and hints.
 *
 * @param shorten how a path is shown, such as relative to where the user is
 */
export function welcome(nodes: readonly NodeFolder[], shorten: (path: string) => string): string {
  const rows = [
    ["node", "JSON-RPC", "channel", "P2P", "files and logs"],
    ...nodes.map((node) => [
      node.name,
      `http://${node.rpcHost}:${node.rpcPort}`,
      String(node.channelPort),
      String(node.p2pPort),
      `${shorten(node.directory)}/`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd(),
  );
  const first = nodes[0];
  const url = `http://${first?.rpcHost ?? ""}:${first?.rpcPort ?? ""}`;
  const call = (method: string, params: string): string =>
    `  curl -s -d '{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}' ${url}`;
  return [
    "",
    "The chain is running: every node is connected to all others.",
    "",
    ...table,
    "",
    "First things to try, in another terminal:",
    call("getBlockNumber", "[1]"),
    call("getSealerList", "[1]"),
    "  npx tsbcos console             a console: try `help`, `deploy HelloWorld`, `call HelloWorld latest get`",
    "  node examples/hello.mjs        deploys a contract, calls it, reads it back from every node",
    "",
    "A line for each new block follows (none while there are no transactions). Ctrl-C stops the chain.",
    "",
  ].join("\n");
}
