/** Puts the addresses of libraries into code. */
import { keccak256, smSuite } from "@tsbcos/core/crypto";
import { bytesToHex, err, ok, utf8ToBytes, type Result } from "@tsbcos/core/primitives";
import type { CompiledContract, CompileFailure } from "./types.js";

/**
 * Code that can be deployed.
 *
 * @param addresses of libraries, by `file:Name` or by name alone
 */
export function link(
  contract: CompiledContract,
  addresses: Readonly<Record<string, string>>,
): Result<string, CompileFailure> {
  const given = Object.entries(addresses).map(([name, address]) => ({
    name,
    digits: address.replace(/^0x/, "").toLowerCase(),
  }));
  const bad = given.find(({ digits }) => !/^[0-9a-f]{40}$/.test(digits));
  if (bad !== undefined) {
    return err({
      code: "bad-artifact",
      message: `The address of the library ${bad.name} is not 40 hexadecimal digits.`,
    });
  }
  let code = contract.bytecode;
  for (const library of contract.libraries) {
    const found = given.find(({ name }) => name === library || library.endsWith(`:${name}`));
    if (found !== undefined) for (const mark of marksOf(library)) code = code.replaceAll(mark, found.digits);
  }
  const open = contract.libraries.filter((library) => marksOf(library).some((mark) => code.includes(mark)));
  if (open.length > 0) {
    return err({
      code: "bad-artifact",
      message: `${contract.name} needs the address of ${open.join(", ")}: deploy it first, and link it.`,
    });
  }
  return ok(code);
}

/** What compilers put where an address belongs: the name itself before 0.5, afterwards the beginning of its hash. */
function marksOf(library: string): string[] {
  const bytes = utf8ToBytes(library);
  const hashes = [keccak256(bytes), smSuite.hash(bytes)].map((hash) => bytesToHex(hash).slice(0, 34));
  return [
    `__${library.slice(0, 36).padEnd(38, "_")}`,
    ...hashes.map((hash) => `__$${hash}$__`),
    // Read from a file of code, where only the mark itself is known.
    `__$${library}$__`,
  ];
}
