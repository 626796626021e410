/**
 * What a line is to the trace before it. `part`: it belongs. `last`: it belongs and nothing follows. `maybe`: it belongs
 * if a part follows. `no`: the trace ended before it.
 */
export type Verdict = 'part' | 'last' | 'maybe' | 'no';

/** A stack trace that has begun; asked about each following line in turn. */
export interface Trace {
  next(line: string): Verdict;
}

/** Lines of an error's message, or of source, before the first frame. */
const MAX_BEFORE_FRAMES = 32;

const NAMES_ERROR = /(?:Error|Exception|Throwable)(?::|$| \[| \()/;
const FRAME = /^\s+at\s|^\s*\.\.\. \d{1,9} (?:more|common frames omitted|lines matching cause stack trace)/;
const CAUSE = /^\s*(?:Caused by|Suppressed): /;
const NODE_CRASH = /^(?:node:\S{1,255}|(?:file:\/\/)?\/\S{1,1024}):\d{1,7}$/;
const CARETS = /^\s*\^+\s*$/;
const NODE_VERSION = /^Node\.js v\d/;
const TRACEBACK = /^\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):$/;
const TRACEBACK_LINK = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const GO_START = /^(?:panic: |fatal error: |goroutine \d{1,19} \[|unexpected fault address |SIG[A-Z]{2,8}: )/;
// A function's name ends at the first bracket behind its first character. Were each tried, brackets alone would cost the
// square of their number.
const GO_PART =
  /^(?:\t|\s+panic: |panic: |goroutine \d{1,19} \[|created by |\[signal |runtime stack:|[\w./*()[\]{}·,$~-][\w./*)[\]{}·,$~-]*\(.*\)$|r\w{1,5} +0x)/;
const GO_LAST = /^exit status \d/;

/** The trace that a line begins; undefined for any other line. */
export function openTrace(line: string): Trace | undefined {
  if (TRACEBACK.test(line)) return new Traceback();
  if (GO_START.test(line)) return new GoTrace();
  if (NODE_CRASH.test(line)) return new NodeCrash();
  return NAMES_ERROR.test(line) && !FRAME.test(line) ? new Frames() : undefined;
}

/** JavaScript and Java: the error, more of its message perhaps, frames, causes, and Node's braces around properties. */
class Frames implements Trace {
  #before = 0;
  #framed = false;
  #braces = false;

  next(line: string): Verdict {
    if (FRAME.test(line) || (CAUSE.test(line) && !this.#braces)) {
      this.#framed = true;
      this.#braces ||= line.endsWith('{');
      return 'part';
    }
    if (this.#braces) {
      if (line.startsWith('}')) return 'last';
      return line === '' || /^\s/.test(line) ? 'part' : 'no';
    }
    if (this.#framed || openTrace(line) !== undefined) return 'no';
    this.#before += 1;
    return this.#before <= MAX_BEFORE_FRAMES ? 'maybe' : 'no';
  }
}

/** What Node prints of an uncaught error: file and line, the source, carets, the error as above, Node's version. */
class NodeCrash implements Trace {
  readonly #frames = new Frames();
  #line = 0;
  #ended = false;

  next(line: string): Verdict {
    this.#line += 1;
    if (this.#line === 1) return 'maybe';
    if (this.#line === 2) return CARETS.test(line) ? 'part' : 'no';
    if (NODE_VERSION.test(line)) return 'last';
    if (line === '') return 'maybe';
    if (this.#ended) return 'no';
    if (NAMES_ERROR.test(line) && !FRAME.test(line)) return 'part';
    const verdict = this.#frames.next(line);
    if (verdict === 'last') this.#ended = true;
    return verdict === 'last' ? 'part' : verdict;
  }
}

/** Python: indented lines, then the exception; then perhaps, said in so many words, the one that came of it. */
class Traceback implements Trace {
  #ended = false;
  #linked = false;

  next(line: string): Verdict {
    if (!this.#ended) {
      this.#ended = !/^\s/.test(line);
      return 'part';
    }
    if (this.#linked && TRACEBACK.test(line)) {
      this.#ended = false;
      this.#linked = false;
      return 'part';
    }
    this.#linked ||= TRACEBACK_LINK.test(line);
    return line === '' || TRACEBACK_LINK.test(line) ? 'maybe' : 'no';
  }
}

/** Go: the panic and the stacks of its goroutines. */
class GoTrace implements Trace {
  next(line: string): Verdict {
    if (GO_LAST.test(line)) return 'last';
    if (line === '') return 'maybe';
    return GO_PART.test(line) ? 'part' : 'no';
  }
}
