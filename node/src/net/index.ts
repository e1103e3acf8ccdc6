/** What the rooms with TLS ports share. */
export { credentialFailure, readCredentialFiles } from "./credentials.js";
export type { CredentialFiles, CredentialTexts, TlsCredentials } from "./credentials.js";
export type { Endpoint } from "./endpoint.js";
export { ignoreLateErrors, listenTls } from "./tls-listener.js";
export type { TlsListener, TlsListenerOptions } from "./tls-listener.js";
