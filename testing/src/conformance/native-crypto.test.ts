import { loadNativeSuites } from "@tsbcos/node/crypto";
import { cryptoSuiteConformance } from "./crypto-suite.js";

const { standard, sm } = await loadNativeSuites();

cryptoSuiteConformance("native standard suite", standard);
cryptoSuiteConformance("native sm suite", sm);
