/** JSON values, for status answers. */

/** A JSON value, as the status methods of the RPC return it. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };
