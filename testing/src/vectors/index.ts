export * from "./load.js";
export * from "./records.js";
export { smCredentials } from "./sm-credentials.js";
