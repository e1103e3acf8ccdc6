/** The certificates that a node shows, also when it refuses ours: TLS 1.2 sends it in the clear, before it looks at ours. */
import { X509Certificate } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

/** More than any chain of certificates takes. */
const HELLO_BYTES_MAX = 65_536;
const HANDSHAKE_RECORD = 22;
const CERTIFICATE_MESSAGE = 11;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const LENGTH_BYTES = 3;

/** Begins a handshake and breaks it off. Gives the node's own certificate and those behind it; none when it shows none in time. */
export function probeCertificates(
  target: { readonly host: string; readonly port: number; readonly curves: string },
  timeoutMs: number,
): Promise<readonly X509Certificate[]> {
  const { host, port, curves } = target;
  return new Promise((resolve) => {
    let heard: Buffer = Buffer.alloc(0);
    const tcp = connectTcp(port, host);
    const pipe = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        tcp.write(chunk, done);
      },
    });
    const give = (): void => {
      clearTimeout(timer);
      tcp.destroy();
      tls.destroy();
      resolve(certificatesIn(heard) ?? []);
    };
    const timer = setTimeout(give, timeoutMs);
    tcp.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      pipe.push(chunk);
      if (heard.length > HELLO_BYTES_MAX || certificatesIn(heard) !== undefined) give();
    });
    tcp.on("error", give).on("close", give);
    const tls = connectTls({ socket: pipe, maxVersion: "TLSv1.2", ecdhCurve: curves, rejectUnauthorized: false });
    tls.on("error", give);
  });
}

/** The server's certificates in the first bytes of a handshake; undefined while they are not there whole. */
function certificatesIn(bytes: Buffer): readonly X509Certificate[] | undefined {
  const messages = handshakeMessagesIn(bytes);
  for (let at = 0; at + MESSAGE_HEADER_BYTES <= messages.length;) {
    const length = messages.readUIntBE(at + 1, LENGTH_BYTES);
    const start = at + MESSAGE_HEADER_BYTES;
    if (start + length > messages.length) return undefined;
    if (messages[at] === CERTIFICATE_MESSAGE) return parseList(messages.subarray(start, start + length));
    at = start + length;
  }
  return undefined;
}

function handshakeMessagesIn(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== HANDSHAKE_RECORD) break;
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length));
    at += RECORD_HEADER_BYTES + length;
  }
  return Buffer.concat(parts);
}

/** @param list length of all certificates, then each with its length */
function parseList(list: Buffer): readonly X509Certificate[] {
  const certificates: X509Certificate[] = [];
  try {
    for (let at = LENGTH_BYTES; at + LENGTH_BYTES <= list.length;) {
      const length = list.readUIntBE(at, LENGTH_BYTES);
      at += LENGTH_BYTES;
      certificates.push(new X509Certificate(list.subarray(at, at + length)));
      at += length;
    }
  } catch {
    // Not a certificate that can be read, such as one of an SM chain: there is nothing to tell of it.
  }
  return certificates;
}
