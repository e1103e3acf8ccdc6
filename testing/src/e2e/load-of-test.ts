/** Load that ends with the test that makes it, also when that fails: the next one is not to suffer from it. */
import { onTestFinished } from "vitest";
import { Load, until } from "../harness/index.js";

/** Starts to send. */
export function loadOfTest(...args: ConstructorParameters<typeof Load>): Load {
  const load = new Load(...args);
  onTestFinished(async () => {
    await load.stop();
  });
  return load;
}

/** Waits until `more` further transactions are acknowledged. */
export async function acknowledged(load: Load, more: number): Promise<void> {
  const wanted = load.acknowledged.length + more;
  await until(`${more} transactions are acknowledged`, () => load.acknowledged.length >= wanted);
}
