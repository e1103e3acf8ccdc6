import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { cryptoSuiteConformance } from "./crypto-suite.js";

cryptoSuiteConformance("pure standard suite", standardSuite);
cryptoSuiteConformance("pure sm suite", smSuite);
