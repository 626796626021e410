/** `0`, `12`, `1.2k`, `34M`: at most four characters up to a quadrillion. */
export function short(value: number | undefined, base = 1000): string {
  if (value === undefined) return '-';
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= base;
    unit += 1;
  }
  const digits = unit > 0 && scaled < 9.95 ? scaled.toFixed(1) : scaled.toFixed(0);
  return digits + (units[unit] as string);
}

/** A rate; what is less than one a second but not nothing shows. */
export function rate(value: number | undefined): string {
  return value !== undefined && value > 0 && value < 0.95 ? value.toFixed(1) : short(value);
}

/** `3ms`, `1.2s`, `5m`, `2h`, from ms. */
export function time(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 999.5) return `${ms.toFixed(0)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  return ms < 3_570_000 ? `${Math.round(ms / 60_000)}m` : `${Math.round(ms / 3_600_000)}h`;
}

export function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(share * 100)}%`;
}
