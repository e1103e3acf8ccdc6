// Two clients at two nodes of a running chain (`npm start`), over the channel: one follows the events of a contract and
// answers messages, the other writes and asks.
//
//   node examples/channel.mjs [first channel port] [folder of certificates]
import { readFileSync } from "node:fs";
import { connect } from "../sdk/dist/index.js";

const firstPort = Number(process.argv[2] ?? 20200);
const tls = process.argv[3] ?? "chain/127.0.0.1/sdk";
const { abi, bytecode } = JSON.parse(readFileSync(new URL("contracts/HelloWorld.json", import.meta.url), "utf8"));
const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (words) => new TextEncoder().encode(words);

const writer = await connect({ nodes: `127.0.0.1:${firstPort}`, tls });
const reader = await connect({ nodes: `127.0.0.1:${firstPort + 1}`, tls });

const { address } = await writer.deploy({ abi, bytecode });
console.log(`deployed   ${address}`);

let count = 0;
const subscription = await reader.watchEvents({ abi, address }, ({ args, log }) => {
  console.log(`event      block ${log.blockNumber}: ${args.name}`);
  count++;
});
for (const name of ["one", "two", "three"]) {
  await writer.write({ abi, address, functionName: "set", args: [name] });
}
while (count < 3) await new Promise((done) => setTimeout(done, 50));
await subscription.stop();

reader.amop.subscribe("greetings", ({ content }) => bytes(`${text(content)} to you too`));
// Nodes tell each other of new topics every five seconds.
for (let answer; answer === undefined; await new Promise((done) => setTimeout(done, 500))) {
  answer = await writer.amop.send("greetings", bytes("Hello")).catch(() => undefined);
  if (answer !== undefined) console.log(`answer     ${text(answer)}`);
}

await writer.close();
await reader.close();
