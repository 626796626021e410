import { STATUS_CODES } from 'node:http';
import { glue, indent, pretty, spell } from './text-words.js';

type Fields = Record<string, unknown>;

/** Whether a record has one of the fields that bunyan unfolds into a block: requests, responses, errors. */
export function hasBlocks(record: Fields): boolean {
  return (
    isObject(record['req']) ||
    isObject(record['client_req']) ||
    isObject(record['res']) ||
    isObject(record['client_res']) ||
    hasStack(record['err'])
  );
}

/** Field, prefix of what is left of it, and the function that writes what it knows and deletes that from the part. */
const BLOCKS: readonly (readonly [string, string, (part: Fields) => string])[] = [
  ['req', 'req', requestBlock],
  ['client_req', 'client_req', clientRequestBlock],
  ['res', 'res', responseBlock],
  ['client_res', 'res', responseBlock],
];

/**
 * Unfolds them: one block each goes to `details`, and what a block does not show comes back as `req.<key>` among the
 * record's other fields, over a field that had this very name.
 *
 * @returns the record's fields without the unfolded ones; the record itself stays as it is
 */
export function unfold(record: Fields, details: string[]): Fields {
  const rest: Fields = { ...record };
  for (const [key, prefix, block] of BLOCKS) {
    const part = rest[key];
    if (!isObject(part)) continue;
    const others = { ...part };
    const text = block(others);
    if (text !== '') details.push(indent(text));
    replace(rest, key, prefix, others);
  }
  const { err } = rest;
  if (hasStack(err)) {
    const { message: _message, name: _name, stack, ...others } = err;
    details.push(indent(glue(stack)));
    replace(rest, 'err', 'err', others);
  }
  return rest;
}

function requestBlock(req: Fields): string {
  let text = requestLine(req);
  const { headers, trailers } = req;
  if (typeof headers === 'string') text += headers && `\n${headers}`;
  else if (isObject(headers)) text += `\n${headerLines(headers)}`;
  else if (headers) text += spell(headers);
  text += requestBody(req);
  // bunyan compares the list of keys with a number, which holds for a single key that is a positive number.
  if (trailers && Number(Object.keys(trailers).join(',')) > 0) text += `\n${headerLines(trailers)}`;
  remove(req, 'headers', 'trailers');
  return text;
}

function clientRequestBlock(req: Fields): string {
  let text = requestLine(req);
  // A string comes out as its characters, a line each: so bunyan has it, and the two had better agree.
  if (req['headers']) text += `\n${headerLines(req['headers'])}`;
  remove(req, 'headers');
  return text + requestBody(req);
}

function requestLine(req: Fields): string {
  const { method, url, httpVersion } = req;
  remove(req, 'method', 'url', 'httpVersion');
  return `${spell(method)} ${spell(url)} HTTP/${spell(httpVersion || '1.1')}`;
}

function requestBody(req: Fields): string {
  if (!req['body']) return '';
  const text = bodyText(req['body']);
  remove(req, 'body');
  return `\n\n${glue(text)}`;
}

function responseBlock(res: Fields): string {
  const { statusCode, body, trailer } = res;
  const key = isHeader(res['header']) ? 'header' : 'headers';
  const header = isHeader(res[key]) ? res[key] : undefined;
  if (header !== undefined) remove(res, key);
  const lines = typeof header === 'string' ? header.trimEnd() : header ? headerLines(header) : '';
  const hasStatus = typeof header === 'string' && lines.startsWith('HTTP/');
  let text = '';
  if (!hasStatus && statusCode !== undefined) text = statusLine(statusCode);
  text += lines;
  if (body === undefined) {
    text = text.trimEnd();
  } else {
    const shown = bodyText(body);
    if (typeof shown === 'string' && shown !== '') text += `\n\n${shown}`;
  }
  if (trailer) text += `\n${glue(trailer)}`;
  remove(res, 'statusCode', 'body', 'trailer');
  return text;
}

function statusLine(code: unknown): string {
  const reasons: Readonly<Record<string, string | undefined>> = STATUS_CODES;
  const key = glue(code);
  return `HTTP/1.1 ${spell(code)} ${Object.hasOwn(reasons, key) ? reasons[key] : 'undefined'}\n`;
}

function headerLines(headers: unknown): string {
  return Object.entries(headers as object)
    .map(([key, value]) => `${key}: ${glue(value)}`)
    .join('\n');
}

function bodyText(body: unknown): unknown {
  return typeof body === 'object' ? pretty(body) : body;
}

/** `key` goes, and the others come in at the end as `<prefix>.<key>`. */
function replace(rest: Fields, key: string, prefix: string, others: Fields): void {
  for (const [name, value] of Object.entries(others)) rest[`${prefix}.${name}`] = value;
  remove(rest, key);
}

function remove(fields: Fields, ...names: readonly string[]): void {
  for (const name of names) delete fields[name];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isHeader(value: unknown): value is string | Fields {
  return (typeof value === 'string' && value !== '') || isObject(value);
}

function hasStack(err: unknown): err is Fields {
  return isObject(err) && Boolean(err['stack']);
}
