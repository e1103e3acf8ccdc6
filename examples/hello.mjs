// Deploys a contract on a running chain (`npm start`), calls it, and reads it back from every node.
//
//   node examples/hello.mjs [first RPC port] [text]
import { readFileSync } from "node:fs";
import { connectOver, httpTransport } from "../sdk/dist/index.js";

const firstPort = Number(process.argv[2] ?? 8545);
const text = process.argv[3] ?? "Hello from tsbcos";
const { abi, bytecode } = JSON.parse(readFileSync(new URL("contracts/HelloWorld.json", import.meta.url), "utf8"));

const urls = [0, 1, 2, 3].map((node) => `http://127.0.0.1:${firstPort + node}`);
const client = await connectOver(httpTransport({ urls }));
console.log(`account    ${client.account.address} (new, thrown away at the end)`);

const { address, receipt } = await client.deploy({ abi, bytecode });
console.log(`deployed   ${address} in block ${receipt.blockNumber}`);
console.log(`get()      ${await client.read({ abi, address, functionName: "get" })}`);

const written = await client.write({ abi, address, functionName: "set", args: [text] });
const [event] = written.events;
console.log(
  `set(...)   block ${written.receipt.blockNumber}, gas ${written.receipt.gasUsed}, event ${event.eventName}`,
);

for (const [node, url] of urls.entries()) {
  try {
    const other = await connectOver(httpTransport(url));
    // A node that lags behind by a moment has the block soon.
    while ((await other.blockNumber()) < written.receipt.blockNumber) await new Promise((done) => setTimeout(done, 50));
    console.log(`node${node}      ${await other.read({ abi, address, functionName: "get" })}`);
  } catch (error) {
    console.log(`node${node}      does not answer: ${error.message}`);
  }
}
