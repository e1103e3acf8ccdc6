/** Keys and certificates of the recorded SM chain, as SM TLS takes them. */
import { readFileSync } from "node:fs";
import type { SmTlsCredentials } from "@tsbcos/core/sm-tls";
import { loadSmTlsCredentials, type NamedText } from "@tsbcos/sm-tls";
import { RECORDINGS } from "./load.js";

/** Those of a node: `node0` to `node3`. */
export function smCredentials(node: string): SmTlsCredentials {
  const named = (file: string): NamedText => ({
    text: readFileSync(`${RECORDINGS}sm/nodes/${node}/${file}`, "utf8"),
    file,
  });
  return loadSmTlsCredentials({
    key: named("gmnode.key"),
    certificate: named("gmnode.crt"),
    encryptionKey: named("gmennode.key"),
    encryptionCertificate: named("gmennode.crt"),
    authorities: [named("gmca.crt")],
  }).credentials;
}
