import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "@tsbcos/core/certificates";
import {
  SM_TLS_EMPTY_RECORDS_MAX,
  SM_TLS_HANDSHAKE_BYTES_MAX,
  SM_TLS_WARNINGS_MAX,
  bytesEqual,
  bytesToHex,
  concatBytes,
  createRandom,
  hexToBytes,
} from "@tsbcos/core/primitives";
import type { SmTlsCredentials, SmTlsSuite } from "@tsbcos/core/sm-tls";
import { createSmRoot, credentialsOf, smCredentials } from "./certificates.fixture.js";
import type { SmHolder } from "./certificates.fixture.js";
import { converse, note, openSide, takeOutbox } from "./conversation.fixture.js";
import type { Conversation, ConversationOptions } from "./conversation.fixture.js";
import { createNativeCrypto } from "./native.js";

const random = createRandom("sm-tls");
const crypto = createNativeCrypto();
let root: SmHolder;
let agency: SmHolder;
let client: SmTlsCredentials;
let server: SmTlsCredentials;

beforeAll(() => {
  root = createSmRoot("gmchain");
  agency = root.issue({ name: "agency", kind: "authority" });
  client = smCredentials(root, agency, "node0");
  server = smCredentials(root, agency, "node1");
});

function talk(changes: Partial<ConversationOptions> = {}): Conversation {
  const conversation = converse({ client, server, ...changes });
  conversation.settle();
  return conversation;
}

/** An established conversation. */
function established(changes: Partial<ConversationOptions> = {}): Conversation {
  const conversation = talk(changes);
  expect([conversation.client.failure, conversation.server.failure]).toEqual([undefined, undefined]);
  expect([conversation.client.session.isEstablished, conversation.server.session.isEstablished]).toEqual([true, true]);
  return conversation;
}

/** Cuts bytes at random places. */
function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.below(4) === 0 ? 300 : 7);
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return pieces;
}

describe("two sides agree", () => {
  test.each(["ecdhe", "ecc"] as const)("by %s, and know each other and exchange data", (suite) => {
    const { client: a, server: b, settle } = established({ clientSuites: [suite] });
    expect([a.peer?.suite, b.peer?.suite]).toEqual([suite, suite]);
    expect(a.peer?.certificate.publicKey).toBe(bytesToHex(server.signingKey.publicKey));
    expect(b.peer?.certificate.commonName).toBe("node0");
    const data = random.bytes(100_000);
    note(a, a.session.send(data));
    note(b, b.session.send(Uint8Array.of(7)));
    settle();
    expect(bytesEqual(concatBytes(...b.data), data)).toBe(true);
    expect(a.data).toEqual([Uint8Array.of(7)]);
    expect(b.data.map(({ length }) => length)).toEqual([16384, 16384, 16384, 16384, 16384, 16384, 1696]);
  });

  test("whatever way the bytes are cut", () => {
    for (let run = 0; run < 10; run++) {
      const { client: a, server: b, settle } = established({ carry: cut });
      note(a, a.session.send(random.bytes(3000)));
      settle();
      expect(concatBytes(...b.data)).toHaveLength(3000);
    }
    established({ carry: (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)) });
  });

  test("in the order of the client's suites, unless one side has only the other", () => {
    const suites: SmTlsSuite[] = ["ecc", "ecdhe"];
    expect(established({ clientSuites: suites }).server.peer?.suite).toBe("ecc");
    expect(established({ clientSuites: suites, serverSuites: ["ecdhe"] }).server.peer?.suite).toBe("ecdhe");
    expect(talk({ clientSuites: ["ecc"], serverSuites: ["ecdhe"] }).server.failure?.code).toBe("no-common-suite");
  });

  test("with the certificate for key exchange in second place, and without the root", () => {
    const reordered: SmTlsCredentials = {
      ...client,
      chain: [client.chain[0]!, client.encryptionCertificate, client.chain[1]!],
    };
    established({ client: reordered });
  });

  test("and part with close_notify", () => {
    const { client: a, server: b, settle } = established();
    note(a, a.session.close());
    settle();
    expect([b.hasEnded, b.failure]).toEqual([true, undefined]);
    note(b, b.session.send(Uint8Array.of(1)));
    settle();
    expect(a.data).toEqual([Uint8Array.of(1)]);
  });

  test("on the same bytes in the handshake: nothing is left of the keys of the last time", () => {
    const [first, second] = [openSide("client", client), openSide("client", client)].map(takeOutbox);
    expect(bytesEqual(first!, second!)).toBe(false);
    // Version 3.1 outside, 3.3 inside, as other implementations begin.
    expect(bytesToHex(first!.subarray(0, 3))).toBe("160301");
    expect(bytesToHex(first!.subarray(9, 11))).toBe("0303");
  });
});

describe("certificates are refused", () => {
  const holders = (): { signing: SmHolder; encryption: SmHolder } => ({
    signing: agency.issue({ name: "node0", kind: "signing" }),
    encryption: agency.issue({ name: "node0", kind: "encryption" }),
  });
  const cases: [string, () => SmTlsCredentials, string][] = [
    [
      "of another chain with the same names",
      () => {
        const other = createSmRoot("gmchain");
        return {
          ...smCredentials(other, other.issue({ name: "agency", kind: "authority" }), "node0"),
          authorities: client.authorities,
        };
      },
      "certificate-not-trusted",
    ],
    [
      "that are not there",
      () => ({ ...client, chain: [], encryptionCertificate: new Uint8Array(0) }),
      "certificate-unreadable",
    ],
    ["without that of the agency", () => ({ ...client, chain: [client.chain[0]!] }), "certificate-not-trusted"],
    [
      "that have expired",
      () =>
        credentialsOf({
          ...holders(),
          root,
          agency,
          signing: agency.issue({ name: "node0", kind: "signing", years: -1 }),
        }),
      "certificate-expired",
    ],
    [
      "that are not valid yet",
      () =>
        credentialsOf({
          ...holders(),
          root,
          agency,
          signing: agency.issue({ name: "node0", kind: "signing", fromYears: 1 }),
        }),
      "certificate-expired",
    ],
    [
      "for key exchange that are missing",
      () => ({ ...client, encryptionCertificate: client.chain[1]! }),
      "encryption-certificate-missing",
    ],
    [
      "for key exchange that sign themselves",
      () => {
        const self = createSmRoot("node0").issue({ name: "node0", kind: "encryption" });
        return credentialsOf({ ...holders(), root, agency, encryption: self });
      },
      "encryption-certificate-refused",
    ],
    [
      "for key exchange of another node",
      () =>
        credentialsOf({ ...holders(), root, agency, encryption: agency.issue({ name: "node9", kind: "encryption" }) }),
      "encryption-certificate-refused",
    ],
    [
      "for key exchange that have expired",
      () =>
        credentialsOf({
          ...holders(),
          root,
          agency,
          encryption: agency.issue({ name: "node0", kind: "encryption", years: -1 }),
        }),
      "certificate-expired",
    ],
    [
      "whose first is for key exchange",
      () => credentialsOf({ ...holders(), root, agency, signing: agency.issue({ name: "node0", kind: "encryption" }) }),
      "certificate-not-trusted",
    ],
    [
      "signed by another node",
      () => {
        const node = agency.issue({ name: "node7", kind: "signing" });
        const [signing, encryption] = [
          node.issue({ name: "node0", kind: "signing" }),
          node.issue({ name: "node0", kind: "encryption" }),
        ];
        const credentials = credentialsOf({ root, agency, signing, encryption });
        return { ...credentials, chain: [signing.der, node.der, agency.der] };
      },
      "certificate-not-trusted",
    ],
    [
      "below an authority that may have none below it",
      () => {
        const narrow = root.issue({ name: "narrow", kind: "authority", pathLength: 0 });
        const below = narrow.issue({ name: "below", kind: "authority" });
        const credentials = smCredentials(root, below, "node0");
        return { ...credentials, chain: [credentials.chain[0]!, below.der, narrow.der] };
      },
      "certificate-not-trusted",
    ],
    [
      "with a condition that nobody understands",
      () =>
        credentialsOf({
          ...holders(),
          root,
          agency,
          signing: agency.issue({ name: "node0", kind: "signing", isStrange: true }),
        }),
      "certificate-not-trusted",
    ],
    [
      "that were changed after they were signed",
      () => {
        const leaf = Uint8Array.from(client.chain[0]!);
        // The last digit of the year of its end.
        const at = leaf.length - 150;
        leaf[at] = (leaf[at] as number) ^ 1;
        return { ...client, chain: [leaf, ...client.chain.slice(1)] };
      },
      "certificate-not-trusted",
    ],
  ];
  test.each(cases)("%s, by the server and by the client", (_what, make, code) => {
    const bad = make();
    const atServer = talk({ client: bad });
    expect(atServer.server.failure?.code).toBe(code);
    expect(atServer.client.failure?.code).toBe("alert-received");
    expect(atServer.client.session.isEstablished || atServer.server.session.isEstablished).toBe(false);
    const atClient = talk({ server: bad });
    expect(atClient.client.failure?.code).toBe(code);
    expect(atClient.server.failure?.code).toBe("alert-received");
  });

  test("when their owner has not the key for signing, or not the one for key exchange", () => {
    const other = smCredentials(root, agency, "node0");
    const noSigning = { ...client, signingKey: other.signingKey };
    expect(talk({ client: noSigning }).server.failure?.code).toBe("signature-wrong");
    expect(talk({ server: noSigning }).client.failure?.code).toBe("signature-wrong");
    const noExchange = { ...client, encryptionKey: other.encryptionKey };
    // What is protected with other keys cannot be opened, which is all that can be known of it.
    expect(talk({ client: noExchange }).server.failure?.code).toBe("record-forged");
    expect(talk({ server: noExchange }).server.failure?.code).toBe("record-forged");
    expect(talk({ server: noExchange, clientSuites: ["ecc"] }).server.failure?.code).toBe("record-forged");
  });

  test("and what strangers wrote into them reaches no log unchanged", () => {
    const other = createSmRoot("chain\n\u001b[31m" + "x".repeat(2000));
    const bad = smCredentials(other, other.issue({ name: "agency", kind: "authority" }), "node0");
    const { detail = "" } = talk({ client: bad }).server.failure ?? {};
    expect(detail).toMatch(/^[ -~]+$/);
    expect(detail.length).toBeLessThan(500);
  });
});

describe("the server answers", () => {
  /** What it sends and why it stops, after these bytes. */
  const answerTo = (...pieces: Uint8Array[]): { sent: string; code: string | undefined } => {
    const side = openSide("server", server);
    for (const piece of pieces) note(side, side.session.receive(piece));
    return { sent: bytesToHex(takeOutbox(side)), code: side.failure?.code };
  };
  const hello = (version: string, suites: string, extensions = ""): Uint8Array => {
    const list = extensions === "" ? "" : `${(extensions.length / 2).toString(16).padStart(4, "0")}${extensions}`;
    const body = `${version}${"11".repeat(32)}00${(suites.length / 2).toString(16).padStart(4, "0")}${suites}0100${list}`;
    const message = `01${(body.length / 2).toString(16).padStart(6, "0")}${body}`;
    return hexToBytes(`160301${(message.length / 2).toString(16).padStart(4, "0")}${message}`);
  };

  test("version 0101 with protocol_version", () => {
    expect(answerTo(hello("0101", "e011"))).toEqual({ sent: "15030300020246", code: "protocol-version" });
  });

  test("a list of suites without any of ours with handshake_failure", () => {
    expect(answerTo(hello("0303", "c02bc02f"))).toEqual({ sent: "15030300020228", code: "no-common-suite" });
  });

  test("a hello without extensions, and one with SHA-256 before SM3: it has only SM3", () => {
    for (const extensions of ["", "000d0006000404030703"]) {
      const { sent, code } = answerTo(hello("0303", "e011", extensions));
      expect(code).toBeUndefined();
      // ServerKeyExchange names curve 29 and the scheme 0703.
      expect(sent).toMatch(/0c0000[0-9a-f]{2}03001d4104[0-9a-f]{128}0703/);
    }
  });

  test("a client that shows no certificate with handshake_failure", () => {
    const { code, sent } = answerTo(hello("0303", "e011"), hexToBytes("16030300070b000003000000"));
    expect(code).toBe("certificate-missing");
    expect(sent.endsWith("15030300020228")).toBe(true);
  });

  test("more certificates than a chain can have, before it looks at one", () => {
    const nine = `0b00001e00001b${"000000".repeat(9)}`;
    expect(answerTo(hello("0303", "e011"), hexToBytes(`1603030022${nine}`)).code).toBe("message-too-large");
  });

  test("what is no TLS, at the first bytes", () => {
    expect(answerTo(new TextEncoder().encode("GET / HTTP/1.1\r\n"))).toMatchObject({ code: "record-malformed" });
  });

  test("records that are too long, hellos that are too long, and messages that never end", () => {
    expect(answerTo(hexToBytes("160303ffff"))).toMatchObject({ sent: "15030300020216", code: "record-too-large" });
    expect(answerTo(hexToBytes("160303000401ffffff"))).toMatchObject({ code: "message-too-large" });
    const length = (SM_TLS_HANDSHAKE_BYTES_MAX - 4).toString(16).padStart(6, "0");
    const endless = hexToBytes(`1603034000${"01" + length}${"00".repeat(16380)}`);
    const side = openSide("server", server);
    for (let i = 0; i < 5; i++) note(side, side.session.receive(endless));
    expect(side.failure?.code).toMatch(/message-too-large|message-malformed/);
  });

  test("data, ChangeCipherSpec and other messages before their time with unexpected_message", () => {
    for (const bytes of ["170303000101", "140303000101", "16030300040e000000"]) {
      expect(answerTo(hexToBytes(bytes))).toEqual({ sent: "1503030002020a", code: "message-unexpected" });
    }
  });

  test("empty records and warnings for a while only", () => {
    const empty = Array.from({ length: SM_TLS_EMPTY_RECORDS_MAX + 1 }, () => hexToBytes("1603030000"));
    expect(answerTo(...empty.slice(1)).code).toBeUndefined();
    expect(answerTo(...empty).code).toBe("message-unexpected");
    const warnings = Array.from({ length: SM_TLS_WARNINGS_MAX + 1 }, () => hexToBytes("15030300020164"));
    expect(answerTo(...warnings.slice(1)).code).toBeUndefined();
    expect(answerTo(...warnings).code).toBe("too-many-warnings");
  });
});

describe("records", () => {
  /** The record of one message, on its way. */
  function onItsWay(data: Uint8Array): { conversation: Conversation; record: Uint8Array } {
    const conversation = established();
    note(conversation.client, conversation.client.session.send(data));
    return { conversation, record: takeOutbox(conversation.client) };
  }

  test("have the sizes that other implementations send", () => {
    for (const [data, body] of [
      [17, 80],
      [94, 144],
      [1, 64],
      [15, 64],
      [16, 80],
    ] as const) {
      expect(onItsWay(new Uint8Array(data)).record).toHaveLength(5 + body);
    }
  });

  test("that were changed anywhere end the session with one and the same alert", () => {
    const seen = new Set<string>();
    for (let at = 5; at < 5 + 80; at += 3) {
      const { conversation, record } = onItsWay(new Uint8Array(17));
      record[at] = (record[at] as number) ^ (1 << (at % 8));
      note(conversation.server, conversation.server.session.receive(record));
      const { failure, data } = conversation.server;
      expect(data).toEqual([]);
      seen.add(`${failure?.code ?? ""} ${failure?.detail ?? ""}`);
      conversation.settle();
      expect(conversation.client.failure?.detail).toMatch(/bad_record_mac/);
    }
    expect(seen.size).toBe(1);
    expect([...seen][0]).toMatch(/^record-forged/);
  });

  test("that come twice, in another order, or as another type are not taken", () => {
    const twice = onItsWay(Uint8Array.of(1));
    note(twice.conversation.server, twice.conversation.server.session.receive(twice.record.slice()));
    note(twice.conversation.server, twice.conversation.server.session.receive(twice.record));
    expect([twice.conversation.server.data.length, twice.conversation.server.failure?.code]).toEqual([
      1,
      "record-forged",
    ]);
    const type = onItsWay(Uint8Array.of(1));
    type.record[0] = 21;
    note(type.conversation.server, type.conversation.server.session.receive(type.record));
    expect(type.conversation.server.failure?.code).toBe("record-forged");
  });

  test("that are no whole blocks, or too short to be protected, are not taken", () => {
    for (const length of [0, 16, 31, 48, 63, 65]) {
      const { server: side } = established();
      note(
        side,
        side.session.receive(concatBytes(hexToBytes("170303"), Uint8Array.of(0, length), new Uint8Array(length))),
      );
      expect(side.failure?.code).toBe("record-forged");
    }
  });

  test("in the clear are not taken any more after the handshake", () => {
    for (const bytes of ["16030300040e000000", "15030300020100", "170303000101"]) {
      const { server: side } = established();
      note(side, side.session.receive(hexToBytes(bytes)));
      expect([side.failure?.code, side.hasEnded, side.data]).toEqual(["record-forged", false, []]);
    }
  });
});

describe("a handshake with one byte changed", () => {
  test("ends in a failure or nothing at all, never with two sides that agree on different things", () => {
    const lengths = { client: 0, server: 0 };
    talk({
      carry: (bytes, from) => {
        lengths[from] += bytes.length;
        return [bytes];
      },
    });
    let failures = 0;
    for (let run = 0; run < 150; run++) {
      const from = random.below(2) === 0 ? "client" : "server";
      const target = random.below(lengths[from]);
      const change = 1 + random.below(255);
      let at = 0;
      const { client: a, server: b } = talk({
        carry: (bytes, side) => {
          if (side !== from) return [bytes];
          const changed = Uint8Array.from(bytes);
          const place = target - at;
          at += bytes.length;
          if (place >= 0 && place < bytes.length) changed[place] = (changed[place] as number) ^ change;
          return [changed];
        },
      });
      // Versions of records in the clear are looked at by their first byte alone; whatever else was changed is noticed.
      const areBoth = a.session.isEstablished && b.session.isEstablished;
      if (!areBoth) failures++;
      if (a.peer !== undefined) expect(a.peer.certificate.commonName).toBe("node1");
      if (b.peer !== undefined) expect(b.peer.certificate.commonName).toBe("node0");
    }
    expect(failures).toBeGreaterThan(140);
  });

  test("garbage in every place is survived", () => {
    for (let run = 0; run < 300; run++) {
      const side = openSide(run % 2 === 0 ? "server" : "client", server);
      const header = run % 3 === 0 ? new Uint8Array(0) : hexToBytes("1603030030");
      for (let i = 0; i < 5; i++) note(side, side.session.receive(concatBytes(header, random.bytes(random.below(80)))));
      expect(side.session.isEstablished).toBe(false);
    }
  });
});

test("an ephemeral point that is not on the curve ends the handshake", () => {
  const offCurve = {
    ...crypto,
    createKeyPair: () => ({ ...crypto.createKeyPair(), publicKey: new Uint8Array(64).fill(3) }),
  };
  expect(talk({ serverCrypto: offCurve }).client.failure?.code).toBe("key-exchange-failed");
  expect(talk({ clientCrypto: offCurve }).server.failure?.code).toMatch(/key-exchange-failed/);
});

test("certificates of the fixture are those of chain builders in kind", () => {
  expect(readCertificate(client.chain[0]!)).toMatchObject({
    commonName: "node0",
    issuerCommonName: "agency",
    isAuthority: false,
  });
});
