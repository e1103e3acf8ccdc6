export * from "./load.js";
export * from "./records.js";
