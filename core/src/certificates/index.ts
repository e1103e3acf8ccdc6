export { readCertificate, readPemCertificates, sm2KeyOf } from "./certificate.js";
export type { Certificate, CertificateLinks } from "./certificate.js";
export { DerTag, readDer, readDerInteger, readInside, writeDer, writeDerInteger } from "./der.js";
export type { DerElement } from "./der.js";
export { KeyUsage } from "./extensions.js";
export type { Extensions } from "./extensions.js";
