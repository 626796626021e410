const ISO = /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d\.\d{3})Z$/;

/** The time of day of a record's time: `06:41:13.980`, in UTC as the record says it or in the reader's zone. */
export function clockOf(time: string, local: boolean): string {
  const utc = ISO.exec(time)?.[1];
  if (utc === undefined) return time.slice(0, 12);
  if (!local) return utc;
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${utc.slice(8)}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
