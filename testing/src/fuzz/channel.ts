/** Damaged frames of the channel on a whole channel server with AMOP behind it, without TLS in between. */
import { Duplex } from "node:stream";
import { AmopService, startChannelServer, type ChannelServer, type ClientTransport } from "@tsbcos/node/channel";
import { silentTracer, type ByteString, type NodeId, type Random } from "@tsbcos/core/primitives";
import { ChannelType, encodeChannelFrame, encodeTopicData, encodeTopics } from "@tsbcos/core/protocol";
import { loadJson } from "../vectors/index.js";
import { damaged } from "./damage.js";
import { demand, pick, type Target } from "./target.js";

/** Frames of one session. */
const FRAMES = 200;

/** A client's end of a connection in memory; counts what the server writes. */
class Wire extends Duplex {
  written = 0;

  override _read(): void {
    // Bytes are pushed as they come.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.length;
    done();
  }
}

interface Scene {
  readonly server: ChannelServer;
  connect(): Wire;
  /** Stops every timer. */
  close(): Promise<void>;
}

function recordedFrames(): Uint8Array[] {
  const entries = loadJson("wire/channel.json.gz") as readonly Record<string, string>[];
  const sent = entries.filter(({ dir, data }) => dir === "out" && data !== undefined);
  const frames = sent.map(({ type, seq, data }) => ({
    type: Number(type),
    seq: seq as ByteString,
    result: 0,
    data: new Uint8Array(Buffer.from(data ?? "", "hex")),
  }));
  // The recorded clients never publish a private topic.
  const privately = [ChannelType.AmopResponse, ChannelType.SubscriberVerified, ChannelType.VerifySubscriber];
  const more = privately.map((type) => ({
    ...frames[0],
    type,
    data: encodeTopicData({ topic: "news", payload: encodeTopics([]) }),
  }));
  return [...frames, ...more].map((frame) => encodeChannelFrame(frame as Parameters<typeof encodeChannelFrame>[0]));
}

async function createScene(): Promise<Scene> {
  let events: Parameters<ClientTransport["listen"]>[1] | undefined;
  const at = { host: "127.0.0.1", port: 1 };
  const nothing = (): void => undefined;
  const network = { ask: () => Promise.resolve(undefined), answer: nothing, send: nothing, hasRoom: () => true };
  const nodeId = "ab".repeat(64) as NodeId;
  const amop = new AmopService({ nodeId, network, seed: "fuzz", mayForward: () => true, trace: silentTracer });
  const server = await startChannelServer({
    listen: at,
    transport: {
      listen: (_at, given) => {
        events = given;
        return Promise.resolve({ address: at, close: () => Promise.resolve() });
      },
    },
    supportedVersion: "2.9.0",
    handleRpc: (text) => Promise.resolve(text.slice(0, 100)),
    admitRequest: () => true,
    amop,
    trace: silentTracer,
  });
  const searchLogs = (): { taken(): void; end(): void } => ({ taken: nothing, end: nothing });
  server.addGroup(1, { height: 10, allowlist: [], eventBlockRangeMax: 0, searchLogs });
  return {
    server,
    async close() {
      amop.close();
      await server.close();
    },
    connect() {
      const wire = new Wire();
      wire.on("error", nothing);
      events?.connected({ stream: wire, remote: at, publicKey: undefined });
      return wire;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Damaged frames on a channel server. */
export function channelTarget(): Target {
  let frames: readonly Uint8Array[] | undefined;
  return {
    name: "channel",
    description: `${FRAMES} damaged frames of a recorded SDK on a channel server with AMOP`,
    async run(random: Random) {
      frames ??= recordedFrames();
      const { server, connect, close } = await createScene();
      const [stranger, witness] = [connect(), connect()];
      for (let i = 0; i < FRAMES && !stranger.destroyed; i++) {
        const frame = pick(random, frames);
        // Where a length is damaged the session ends, so most damage is done behind it.
        const isWhole = random.chance(0.005);
        const bytes = isWhole ? damaged(frame, random) : withData(frame, random);
        stranger.push(Buffer.from(bytes));
        if (i % 20 === 0) await turn();
      }
      await turn();
      const heartbeat = encodeChannelFrame({
        ...{ type: ChannelType.Heartbeat, seq: "0".repeat(32) as ByteString, result: 0 },
        data: Uint8Array.of(0x30),
      });
      const before = witness.written;
      witness.push(Buffer.from(heartbeat));
      await turn();
      await turn();
      demand(witness.written > before, "another session is still answered");
      const ended = stranger.destroyed ? 1 : 0;
      stranger.destroy();
      witness.destroy();
      await turn();
      demand(server.statistics().sessions === 0, "sessions end with their connections");
      await close();
      return { frames: FRAMES, "ended by the node": ended };
    },
  };
}

/** The frame with damaged contents, and a length that fits them. */
function withData(frame: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from([...frame.subarray(0, 4), ...damaged(frame.subarray(4), random)]);
  const whole = bytes.length < 42 ? new Uint8Array(42) : bytes;
  new DataView(whole.buffer).setUint32(0, whole.length);
  return whole;
}
