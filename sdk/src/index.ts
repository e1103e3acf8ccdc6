/** Everything of the SDK: what runs everywhere, and what needs files or sockets. */
export * from "./browser.js";
export { readAccountFile, writeAccountFiles, type AccountFiles, type AccountFormat } from "./accounts/files.js";
export { accountFromPkcs12, encodePkcs12 } from "./accounts/pkcs12.js";
