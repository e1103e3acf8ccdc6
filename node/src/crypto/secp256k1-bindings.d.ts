/** The part of the native binding of the package `secp256k1` that is used here; the package ships no types. */
declare module "secp256k1/bindings.js" {
  interface Secp256k1 {
    /** True for 32 bytes from 1 to the order − 1. */
    privateKeyVerify(privateKey: Uint8Array): boolean;
    /** SEC1 public key: 65 bytes when `compressed` is false. */
    publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array;
    /** Low-s signature, r then s, with its recovery id. */
    ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number };
    /** SEC1 public key of the signer; throws when there is none. */
    ecdsaRecover(signature: Uint8Array, recoveryId: number, digest: Uint8Array, compressed: boolean): Uint8Array;
  }
  const secp256k1: Secp256k1;
  export default secp256k1;
}
