/** Tells builds that fail for want of a network from those that fail. */

/**
 * The line of an error that says that the network is at fault.
 *
 * @param pattern what such lines say
 * @throws the error itself when none does
 */
export function networkComplaint(error: unknown, pattern: RegExp): string {
  const complaint = String(error)
    .split("\n")
    .find((line) => pattern.test(line));
  if (complaint === undefined) throw error;
  return complaint.trim();
}
