export { isSignedBy, verifyCertificates } from "./certificates.js";
export type { TrustOptions, VerifiedCertificates } from "./certificates.js";
export type {
  SmTlsCredentials,
  SmTlsCrypto,
  SmTlsEffect,
  SmTlsFailure,
  SmTlsOptions,
  SmTlsPeer,
  SmTlsSuite,
} from "./interface.js";
export { SmTlsSession } from "./session.js";
