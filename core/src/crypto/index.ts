export { sha256 } from "./hashes.js";
export { keccak256 } from "./keccak.js";
export { signSm2, smSuite, verifySm2 } from "./sm.js";
export { sm2Identity } from "./sm2-curve.js";
export { sm2KeyPairToDer, sm2PublicKeyToDer } from "./sm2-der.js";
export {
  chooseSm2Product,
  multiplySm2,
  openSm2,
  sealSm2,
  sm2AgreementNumber,
  sm2AgreementPoint,
  sm2DeriveKey,
} from "./sm2-exchange.js";
export type { Sm2Ciphertext } from "./sm2-exchange.js";
export { sm3 } from "./sm3.js";
export { standardSuite } from "./standard.js";
export { addressOf, emptyHashOf, hashOf } from "./suite.js";
export type { CryptoSuite, KeyPair } from "./suite.js";
export { isVrfPublicKey, proveVrf, verifyVrf, vrfPublicKey } from "./vrf.js";
export type { VrfClaim } from "./vrf.js";
