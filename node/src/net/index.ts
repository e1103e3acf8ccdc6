/** What the rooms with TLS ports share. */
export { credentialFailure, readCredentialFiles } from "./credentials.js";
export type { CredentialFiles, CredentialTexts, TlsCredentials } from "./credentials.js";
export type { Endpoint } from "./endpoint.js";
export { ignoreLateErrors } from "./port.js";
export type { TlsListener } from "./port.js";
export { readSmCredentialFiles } from "./sm-credentials.js";
export type { SmCredentialFiles } from "./sm-credentials.js";
export type { SmTlsCredentials } from "@tsbcos/core/sm-tls";
export { listenSmTls } from "./sm-tls-listener.js";
export type { SmTlsListenerOptions } from "./sm-tls-listener.js";
export { listenTls } from "./tls-listener.js";
export type { TlsListenerOptions } from "./tls-listener.js";
