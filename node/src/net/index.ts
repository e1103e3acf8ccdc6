/** What the rooms with TLS ports share. */
export { readCertificate } from "./certificate.js";
export type { Certificate } from "./certificate.js";
export { credentialFailure, readCredentialFiles } from "./credentials.js";
export type { CredentialFiles, CredentialTexts, TlsCredentials } from "./credentials.js";
export type { Endpoint } from "./endpoint.js";
export { ignoreLateErrors, listenTls } from "./tls-listener.js";
export type { TlsListener, TlsListenerOptions } from "./tls-listener.js";
