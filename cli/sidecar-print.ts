import type { CaptureSink } from '../sidecar/capture/index.js';
import { LineSplitter } from '../sidecar/lines.js';
import { LineJoiner } from '../sidecar/multiline.js';
import type { Normalizer } from '../sidecar/normalize/index.js';
import { RecordMaker } from '../sidecar/record-maker.js';
import type { StdStream } from '../wire/record.js';

export interface PrinterParts {
  readonly normalizer: Normalizer;
  readonly maxLine: number;
  readonly multiline: boolean;
  /** Takes the records of one read, each ended by `\n`. */
  readonly write: (records: string) => void;
}

const EXPIRE_MS = 100;

/** A sidecar that connects nowhere: it shows what would be sent. */
export class Printer implements CaptureSink {
  readonly #parts: PrinterParts;
  readonly #makers: Readonly<Record<StdStream, RecordMaker>>;
  readonly #expiry: NodeJS.Timeout;
  #records = '';

  constructor(parts: PrinterParts) {
    this.#parts = parts;
    this.#makers = { stdout: this.#maker('stdout'), stderr: this.#maker('stderr') };
    this.#expiry = setInterval(() => {
      const now = Date.now();
      for (const maker of [this.#makers.stdout, this.#makers.stderr]) maker.expire(now);
      this.#write();
    }, EXPIRE_MS).unref();
  }

  chunk(stream: StdStream, data: Buffer, at?: number): void {
    this.#makers[stream].push(data, Date.now(), at);
    this.#write();
  }

  close(): void {
    clearInterval(this.#expiry);
    for (const maker of [this.#makers.stdout, this.#makers.stderr]) maker.end();
    this.#write();
  }

  #maker(stream: StdStream): RecordMaker {
    const { normalizer, maxLine, multiline } = this.#parts;
    return new RecordMaker(stream, {
      splitter: new LineSplitter({ maxLine }),
      ...(multiline && { joiner: new LineJoiner() }),
      normalizer,
      emit: (record) => (this.#records += record),
    });
  }

  #write(): void {
    const records = this.#records;
    this.#records = '';
    if (records !== '') this.#parts.write(records);
  }
}
