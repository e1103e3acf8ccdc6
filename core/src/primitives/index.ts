export * from "./assert.js";
export * from "./brands.js";
export * from "./byte-string.js";
export * from "./bytes.js";
export * from "./limits.js";
export * from "./machine.js";
export * from "./random.js";
export * from "./result.js";
