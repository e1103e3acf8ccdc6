/** Wake-up times of several parts as one. */

/** The earliest of these times; undefined when none is given. */
export function earliestOf(times: readonly (number | undefined)[]): number | undefined {
  let earliest: number | undefined;
  for (const time of times) if (time !== undefined && (earliest === undefined || time < earliest)) earliest = time;
  return earliest;
}
