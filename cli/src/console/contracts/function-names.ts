/** Names of the functions of a contract, for completion. */
import type { Session } from "../session.js";
import { signature } from "./parameters.js";

/** Names of a contract's functions, with their types where there are several of one name; none when it cannot be compiled. */
export async function chooseNames(session: Session, nameOrPath: string): Promise<readonly string[]> {
  try {
    const { abi } = await session.contracts.contract(nameOrPath.split(":")[0] ?? "");
    const functions = abi.filter((item) => item.type === "function");
    return functions.map((item) => {
      const isAlone = functions.filter(({ name }) => name === item.name).length === 1;
      return isAlone ? item.name : item.name + signature(item.inputs);
    });
  } catch {
    return [];
  }
}
