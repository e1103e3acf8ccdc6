/** Moments in certificates. */
import { DerTag } from "./der.js";
import type { DerElement } from "./der.js";

const DAY_MS = 86_400_000;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

/** Milliseconds since the Unix epoch; undefined when it is no moment in universal time. */
export function readTime(element: DerElement | undefined): number | undefined {
  if (element === undefined) return undefined;
  const text = String.fromCharCode(...element.content.subarray(0, 32));
  const digits = element.tag === DerTag.UtcTime ? 2 : 4;
  if (element.tag !== DerTag.UtcTime && element.tag !== DerTag.GeneralizedTime) return undefined;
  const found = new RegExp(`^(\\d{${String(digits)}})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z$`).exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  // Two digits mean 1950 to 2049.
  const fullYear = digits === 4 ? year : year < 50 ? 2000 + year : 1900 + year;
  return daysBefore(fullYear, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Days from 1 January 1970 to this day. */
function daysBefore(year: number, month: number, day: number): number {
  const leapDays = (last: number): number => Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400);
  const isLeap = leapDays(year) > leapDays(year - 1);
  const inYear = (DAYS_BEFORE_MONTH[month - 1] as number) + (isLeap && month > 2 ? 1 : 0) + day - 1;
  return (year - 1970) * 365 + leapDays(year - 1) - leapDays(1969) + inYear;
}
