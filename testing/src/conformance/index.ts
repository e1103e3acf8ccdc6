export { cryptoSuiteConformance } from "./crypto-suite.js";
export { keyValueConformance } from "./key-value.js";
export type { KeyValueStoreFactory, KeyValueStoreUnderTest } from "./key-value.js";
