// Deploys a contract on a running chain (`npm start`), calls it, and reads it back from every node.
//
//   node examples/hello.mjs [first RPC port] [text]
import { readFileSync } from "node:fs";
import { Client } from "../sdk/dist/index.js";

const firstPort = Number(process.argv[2] ?? 8545);
const text = process.argv[3] ?? "Hello from tsbcos";
const { abi, bytecode } = JSON.parse(readFileSync(new URL("contracts/HelloWorld.json", import.meta.url), "utf8"));

const client = new Client({ url: `http://127.0.0.1:${firstPort}` });
console.log(`account    0x${client.account.address} (new, thrown away at the end)`);

const deployed = await client.deploy({ abi, bytecode });
console.log(`deployed   ${deployed.contractAddress} in block ${Number(deployed.blockNumber)}`);
const address = deployed.contractAddress;
console.log(`get()      ${await client.read({ abi, address, functionName: "get" })}`);

const written = await client.write({ abi, address, functionName: "set", args: [text] });
console.log(
  `set(...)   block ${Number(written.blockNumber)}, gas ${Number(written.gasUsed)}, ${written.logs.length} event`,
);

for (let node = 0; node < 4; node++) {
  const other = new Client({ url: `http://127.0.0.1:${firstPort + node}` });
  // A node that lags behind by a moment has the block soon.
  while ((await other.blockNumber()) < Number(written.blockNumber)) await new Promise((done) => setTimeout(done, 50));
  console.log(`node${node}      ${await other.read({ abi, address, functionName: "get" })}`);
}
