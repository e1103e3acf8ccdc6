import { MemoryStore } from "@tsbcos/core/state";
import { keyValueConformance } from "./key-value.js";
import type { KeyValueStoreUnderTest } from "./key-value.js";

let store: MemoryStore;

function underTest(): KeyValueStoreUnderTest {
  const current = store;
  return { get: (key) => current.get(key), write: (batch) => current.write(batch), close: () => undefined };
}

keyValueConformance("in memory", {
  create() {
    store = new MemoryStore();
    return underTest();
  },
  reopen() {
    store = new MemoryStore(store);
    return underTest();
  },
});
