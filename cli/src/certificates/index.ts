/** Keys and certificates of chains. */
export { createKey, readKey } from "./keys.js";
export type { Key, KeyFamily } from "./keys.js";
export { createCertificate, isIssuedBy, isSameHolder, readCertificates, renewCertificate } from "./x509.js";
export type { Certificate, Issuer, Profile, Subject } from "./x509.js";
