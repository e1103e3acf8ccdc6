/** SM TLS over sockets of Node.js, for nodes and clients. */
export { connectSmTls } from "./connect.js";
export type { SmTlsConnectOptions, SmTlsConnection } from "./connect.js";
export { loadSmTlsCredentials } from "./credentials.js";
export type { LoadedSmTlsCredentials, NamedText, SmTlsTexts } from "./credentials.js";
export { Sm2KeyObjects } from "./key-objects.js";
export { createNativeCrypto } from "./native.js";
export { SmTlsStream } from "./stream.js";
export type { SmTlsStreamOptions } from "./stream.js";
