/** Seconds that the curve shows. */
const SPAN = 60;

interface Second {
  records: number;
  errors: number;
}

/** Records a second, over the last minute. */
export class Rate {
  #seconds: Second[] = [{ records: 0, errors: 0 }];

  count(records: number, errors: number): void {
    const now = this.#seconds.at(-1) as Second;
    now.records += records;
    now.errors += errors;
  }

  /** A second is over. Answers its records. */
  tick(): number {
    const { records } = this.#seconds.at(-1) as Second;
    this.#seconds.push({ records: 0, errors: 0 });
    if (this.#seconds.length > SPAN + 1) this.#seconds.shift();
    return records;
  }

  clear(): void {
    this.#seconds = [{ records: 0, errors: 0 }];
  }

  /** Bars, the newest at the right; what were errors in their own colour. */
  draw(canvas: HTMLCanvasElement): void {
    const context = canvas.getContext('2d');
    if (context === null) return;
    const scale = devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const past = this.#seconds.slice(0, -1);
    const peak = Math.max(1, ...past.map(({ records }) => records));
    const step = width / SPAN;
    for (const [i, { records, errors }] of past.entries()) {
      const x = (SPAN - past.length + i) * step;
      const bar = (count: number) => (count === 0 ? 0 : Math.max(1, (count / peak) * height));
      context.fillStyle = style.getPropertyValue('--spark');
      context.fillRect(x, height - bar(records), step - 0.5, bar(records));
      context.fillStyle = style.getPropertyValue('--error');
      context.fillRect(x, height - bar(errors), step - 0.5, bar(errors));
    }
  }
}
