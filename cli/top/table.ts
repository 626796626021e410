import { fit } from '../width.js';

/** One column; the first has no width, stands at the left and takes the room that the others leave. */
export interface Column<T> {
  readonly title: string;
  readonly width?: number;
  readonly text: (row: T) => string;
  /** What stands behind the first column instead of all others, where there is something to say. */
  readonly instead?: (row: T) => string | undefined;
}

export interface TableOptions {
  readonly columns: number;
  /** Rows that there is room for; of those that are cut off their number is told in the last of them. */
  readonly most: number;
  readonly paint: (heading: string) => string;
}

/** The least that is left to the first column, even where the others then run over the edge. */
const LEAST = 12;

/** A heading and the rows, each cut to the width. */
export function tableLines<T>(
  table: readonly Column<T>[],
  rows: readonly T[],
  { columns, most, paint }: TableOptions,
): string[] {
  const [first, ...others] = table as readonly [Column<T>, ...Column<T>[]];
  const taken = others.reduce((sum, { width = 0 }) => sum + width, 0);
  const room = Math.max(LEAST, columns - taken);
  const line = (cell: (column: Column<T>) => string) =>
    fit(
      fit(cell(first), room) +
        others.map((column) => ` ${fit(cell(column), (column.width ?? 0) - 1, 'right')}`).join(''),
      columns,
    ).trimEnd();
  const rowLine = (row: T) => {
    const instead = first.instead?.(row);
    if (instead === undefined) return line((column) => column.text(row));
    return fit(`${first.text(row)}  ${instead}`, columns).trimEnd();
  };
  const shown = rows.length > most ? rows.slice(0, Math.max(0, most - 1)) : rows;
  const hidden = rows.length - shown.length;
  return [
    paint(line(({ title }) => title)),
    ...shown.map(rowLine),
    ...(hidden > 0 ? [fit(`… ${hidden} more`, columns).trimEnd()] : []),
  ];
}
