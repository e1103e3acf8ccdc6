/**
 * Megabytes of new objects in the heap of a thread, three times what is collected in one go. An option for the engine,
 * `--max-semi-space-size`, comes before it.
 *
 * The engine would let them grow to 48, of which a busy thread keeps 32 resident for good. Four nodes under load were a
 * tenth smaller with 12, at the same CPU time for a transaction.
 */
export const YOUNG_MEGABYTES = 12;
