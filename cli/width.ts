import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter();

/** Exactly so many columns of a terminal: filled up with blanks, or cut with `…`. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const width = stringWidth(text);
  if (width <= columns) {
    const blanks = ' '.repeat(columns - width);
    return align === 'left' ? text + blanks : blanks + text;
  }
  let cut = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > columns - 1) break;
    cut += segment;
    used += next;
  }
  return columns === 0 ? '' : `${cut}…${' '.repeat(columns - 1 - used)}`;
}
