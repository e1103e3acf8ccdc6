import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { connectSmTls, createNativeCrypto, loadSmTlsCredentials } from "@tsbcos/sm-tls";
import type { LoadedSmTlsCredentials } from "@tsbcos/sm-tls";
import { bytesToUtf8, utf8ToBytes, type ByteString, type NodeId } from "@tsbcos/core/primitives";
import { ChannelFrameReader, ChannelType, encodeChannelFrame, type ChannelFrame } from "@tsbcos/core/protocol";
import { createClientSmTls, openChannelTransport } from "./index.js";
import { closeAll, startServer, until } from "./server.fixture.js";

const RECORDINGS = fileURLToPath(new URL("../../../testing/vectors/fisco-bcos-2.9.1/sm/", import.meta.url));
afterEach(closeAll);

function certificatesOf(folder: string, name: string): LoadedSmTlsCredentials {
  const named = (file: string) => ({ text: readFileSync(`${RECORDINGS}${folder}/${file}`, "utf8"), file });
  return loadSmTlsCredentials({
    ...{ key: named(`gm${name}.key`), certificate: named(`gm${name}.crt`), authorities: [named("gmca.crt")] },
    ...{ encryptionKey: named(`gmen${name}.key`), encryptionCertificate: named(`gmen${name}.crt`) },
  });
}

/** A client's frames, one array a record. */
async function connect(port: number, { credentials }: LoadedSmTlsCredentials) {
  const crypto = createNativeCrypto();
  const { stream } = await connectSmTls({ host: "127.0.0.1", port, credentials, crypto, timeoutMs: 60_000 });
  const records: ChannelFrame[][] = [];
  const reader = new ChannelFrameReader();
  stream.on("data", (chunk: Buffer) => {
    const frames = reader.push(chunk);
    if (frames.ok) records.push([...frames.value]);
  });
  return { stream, records };
}

const frame = (text: string, seq: string): Uint8Array =>
  encodeChannelFrame({
    type: ChannelType.Rpc,
    seq: seq.padStart(32, "0") as ByteString,
    result: 0,
    data: utf8ToBytes(text),
  });

test("SDKs with SM certificates talk to the channel, each answer in a record of its own", async () => {
  const settings = {
    chain: { sm: true, smChannel: true, rsaChannel: false },
    networkSecurity: {
      ...{ dataPath: "", caPath: "", checkCertificateIssuer: true, caFile: `${RECORDINGS}nodes/node0/gmca.crt` },
      ...{ keyFile: `${RECORDINGS}nodes/node0/gmnode.key`, certificateFile: `${RECORDINGS}nodes/node0/gmnode.crt` },
      encryptionKeyFile: `${RECORDINGS}nodes/node0/gmennode.key`,
      encryptionCertificateFile: `${RECORDINGS}nodes/node0/gmennode.crt`,
    },
  };
  const { transport, warnings } = openChannelTransport(settings);
  expect(warnings).toEqual([]);
  const { port, server } = await startServer({ transport });
  const { stream, records } = await connect(port, certificatesOf("sdk/gm", "sdk"));
  for (let i = 0; i < 20; i++) stream.write(frame(`question ${i}`, String(i)));
  await until(() => records.length === 20);
  expect(records.every((frames) => frames.length === 1)).toBe(true);
  expect(new Set(records.flat().map(({ data }) => bytesToUtf8(data))).size).toBe(20);
  const long = "x".repeat(1_000_000);
  stream.write(frame(long, "99"));
  await until(() => records.flat().length === 21);
  expect(records.flat().at(-1)?.data).toHaveLength("answer to ".length + long.length);
  expect(server.statistics().sessions).toBe(1);
  stream.end();
  await until(() => server.statistics().sessions === 0);
});

test("the list of allowed SDKs goes by the key of the signing certificate", async () => {
  const node = certificatesOf("nodes/node0", "node");
  const transport = createClientSmTls({ ...node, checkIssuer: true });
  const { port, server, requests, addGroup } = await startServer({ transport });
  addGroup(1);
  const sdk = certificatesOf("sdk/gm", "sdk");
  const { stream } = await connect(port, sdk);
  const admission = async (allowed: readonly NodeId[]): Promise<string | undefined> => {
    server.setAllowlist(1, allowed);
    const before = requests.length;
    stream.write(frame("{}", String(before)));
    await until(() => requests.length > before);
    return requests.at(-1)?.client.admit({ method: "getBlockNumber", groupId: 1 });
  };
  expect(await admission([node.certificate.publicKey!])).toBe("not-allowed");
  expect(await admission([sdk.certificate.publicKey!])).toBe("admitted");
  stream.destroy();
});
