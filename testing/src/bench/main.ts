/**
 * `npm run bench`: figures of a real four-node chain on this machine, TLS on, durable storage, transactions signed
 * beforehand and sent one by one over HTTP. Beside each stands what the C++ node 2.9.1 reached on a machine of two cores.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { accountFromPrivateKey } from "@tsbcos/sdk";
import { TestChain } from "../harness/index.js";
import { describeCrowd } from "../simulator/crowd.js";
import { createSimulatedSuite } from "../simulator/suite.js";
import { AMOP_OPTIONS, measureAmop } from "./amop.js";
import { executionTable, measureExecution } from "./execution.js";
import { measureCatchUp, measureLatency, measureRest, measureThroughput } from "./measure.js";
import { readProfiles, roomTable } from "./profile.js";
import { signAll, WORKLOADS } from "./workloads.js";

const USAGE = `usage: npm run bench -- [execution | observers] [options]

Measures what one thread executes, and a chain of four nodes on this machine. With the word "execution" only the first.
With the word "observers": what leaves the sealers of a simulated chain of a hundred observers, with trees and without (minutes).

  --transactions <n>   transactions of each workload (default 20000)
  --only <name>        one workload: ${WORKLOADS.map(({ name }) => name).join(", ")}
  --profile            also show where the CPU time of node0 goes, by room
  --json <file>        write the figures as JSON
`;

/** The C++ node 2.9.1, four nodes and the load on one machine of two cores. */
const REFERENCE: Readonly<Record<string, { readonly perSecond: number; readonly cpu: number }>> = {
  "HelloWorld.set": { perSecond: 1950, cpu: 860 },
  "Token.transfer": { perSecond: 1670, cpu: 1050 },
  DagTransfer: { perSecond: 2560, cpu: 700 },
};
const REFERENCE_CATCH_UP = { perSecond: 14_400, cpu: 150 };
const REFERENCE_AMOP = { perSecond: 7070, p50Ms: 0.38 };
const REFERENCE_LATENCY = { p50Ms: 407, p99Ms: 720 };
const OBSERVERS = { seed: 1, sealers: 10, observers: 100, transactionsPerSecond: 1000, seconds: 8, cutShare: 0.1 };
const LATENCY_RATE = 200;
const LATENCY_TRANSACTIONS = 2000;
const WARM_UP_TRANSACTIONS = 3000;
const CLIENTS = [1, 8, 32];
const TRANSACTIONS_PER_CLIENT_MEASURE = 4000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("   "),
    )
    .join("\n");
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const times = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)}x`;

interface Options {
  readonly transactions: number;
  readonly only: string | undefined;
  readonly profile: boolean;
}

async function measure(chain: TestChain, options: Options): Promise<Record<string, unknown>> {
  const suite = (await loadNativeSuites()).standard;
  const account = accountFromPrivateKey("1f".repeat(32), suite);
  const client = await chain.node(0).client(account);
  const results: Record<string, unknown> = { cores: cpus().length, node: process.version };
  const rows = [["workload", "committed/s", "2.9.1", "ratio", "CPU µs/tx", "2.9.1", "blocks", "MB a node"]];
  const sign = async (calls: Parameters<typeof signAll>[0], count: number): Promise<ReturnType<typeof signAll>> =>
    signAll(calls, { count, height: await client.blockNumber(), key: account, suite });

  for (const workload of WORKLOADS) {
    if (options.only !== undefined && options.only !== workload.name) continue;
    const calls = await workload.prepare(client);
    await measureThroughput(chain.nodes, await sign(calls, WARM_UP_TRANSACTIONS));
    const figures = await measureThroughput(chain.nodes, await sign(calls, options.transactions));
    const reference = REFERENCE[workload.name] ?? { perSecond: Number.NaN, cpu: Number.NaN };
    rows.push([
      workload.name,
      whole(figures.perSecond),
      whole(reference.perSecond),
      times(figures.perSecond, reference.perSecond),
      whole(figures.cpuMicrosecondsPerTransaction),
      whole(reference.cpu),
      whole(figures.blocks),
      whole(figures.residentMegabytesPerNode),
    ]);
    results[workload.name] = figures;
    say(`${workload.name}: ${whole(figures.perSecond)} transactions a second`);
  }
  say(`\n${table(rows)}\n`);
  if (options.only !== undefined) return results;

  const [hello] = WORKLOADS;
  if (hello !== undefined) {
    const served: string[] = [];
    for (const clients of CLIENTS) {
      const transactions = await sign(await hello.prepare(client), TRANSACTIONS_PER_CLIENT_MEASURE);
      const load = { clients, to: chain.nodes };
      const { answeredPerSecond } = await measureThroughput(chain.nodes, transactions, load);
      results[`clients${clients}`] = answeredPerSecond;
      served.push(`${clients}: ${whole(answeredPerSecond)}/s`);
    }
    say(`${hello.name} by clients that wait for each answer, over all nodes: ${served.join(", ")}`);
    const latency = await measureLatency(
      chain,
      await sign(await hello.prepare(client), LATENCY_TRANSACTIONS),
      LATENCY_RATE,
    );
    results["latency"] = latency;
    say(
      `receipt latency at ${LATENCY_RATE}/s: p50 ${whole(latency.p50Ms)} ms, p99 ${whole(latency.p99Ms)} ms (2.9.1: ${REFERENCE_LATENCY.p50Ms} and ${REFERENCE_LATENCY.p99Ms})`,
    );
  }
  const amop = await measureAmop(chain, AMOP_OPTIONS);
  results["amop"] = amop;
  say(
    `AMOP over two nodes, ${AMOP_OPTIONS.bytes} B: ${whole(amop.perSecond)} round trips a second with ${AMOP_OPTIONS.inFlight} in flight ` +
      `(2.9.1: ${whole(REFERENCE_AMOP.perSecond)}, ${times(amop.perSecond, REFERENCE_AMOP.perSecond)}), ` +
      `alone p50 ${amop.p50Ms.toFixed(2)} ms (2.9.1: ${REFERENCE_AMOP.p50Ms}), p99 ${amop.p99Ms.toFixed(2)} ms`,
  );
  const rest = await measureRest(chain);
  results["rest"] = rest;
  say(
    `at rest: ${rest.cpuPercentOfOneCore.toFixed(1)} % of a core, ${whole(rest.residentMegabytes)} MB resident, ${whole(rest.diskMegabytes)} MB on disk`,
  );
  const catchUp = await measureCatchUp(chain);
  results["catchUp"] = catchUp;
  say(
    `catch-up of a wiped node: ${whole(catchUp.perSecond)} transactions a second (2.9.1: ${whole(REFERENCE_CATCH_UP.perSecond)}, ${times(catchUp.perSecond, REFERENCE_CATCH_UP.perSecond)}), ` +
      `${whole(catchUp.cpuMicrosecondsPerTransaction)} µs CPU each (2.9.1: ${REFERENCE_CATCH_UP.cpu})`,
  );
  return results;
}

async function measureObservers(): Promise<void> {
  say("Simulating, first without trees, then with them...");
  const suite = createSimulatedSuite((await loadNativeSuites()).standard);
  for (const line of describeCrowd(OBSERVERS, suite)) say(line);
  say(`published for 2.x, 10 sealers and 90 observers: from 5,000 MB to 1,400 MB a sealer, 3.57 times less`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      transactions: { type: "string", default: "20000" },
      only: { type: "string" },
      profile: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || positionals.some((word) => word !== "execution" && word !== "observers")) {
    process.stdout.write(USAGE);
    return;
  }
  if (positionals.includes("observers")) return measureObservers();
  const execution = values.only === undefined ? await measureExecution() : [];
  if (execution.length > 0) say(`${table(executionTable(execution))}\n`);
  if (positionals.length > 0) {
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ execution }, undefined, 2)}\n`);
    return;
  }
  say("Building and starting a chain of four nodes...");
  const chain = await TestChain.build();
  try {
    const first = chain.node(0);
    await chain.start(values.profile ? ["--cpu-prof", "--cpu-prof-dir=profiles"] : []);
    const results = await measure(chain, {
      transactions: Number(values.transactions),
      only: values.only,
      profile: values.profile,
    });
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ execution, ...results }, undefined, 2)}\n`);
    if (values.profile) {
      await first.end("SIGTERM");
      const directory = join(first.directory, "profiles");
      say(
        `\nCPU time of node0 by thread and room (${readdirSync(directory).length} profiles):\n${roomTable(readProfiles(directory))}`,
      );
    }
  } finally {
    await chain.dispose();
  }
}

await main();
