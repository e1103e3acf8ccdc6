/** The two globals that Node and browsers share and the core may use. Anything else is refused by the compiler. */

declare class TextEncoder {
  encode(text: string): Uint8Array;
}

declare class TextDecoder {
  constructor(label?: string, options?: { readonly ignoreBOM?: boolean; readonly fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
