export { cryptoSuiteConformance } from "./crypto-suite.js";
