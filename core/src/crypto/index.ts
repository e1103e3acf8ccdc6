export { sha256 } from "./hashes.js";
export { keccak256 } from "./keccak.js";
export { signSm2, smSuite, verifySm2 } from "./sm.js";
export { sm3 } from "./sm3.js";
export { standardSuite } from "./standard.js";
export { addressOf, emptyHashOf, hashOf } from "./suite.js";
export type { CryptoSuite, KeyPair } from "./suite.js";
export { isVrfPublicKey, verifyVrf } from "./vrf.js";
export type { VrfClaim } from "./vrf.js";
