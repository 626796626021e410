import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FUNCTIONS, QueryError, type Request, type WebFunction } from './functions.js';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An HTTP server that runs one function a request and prints a line about each that fails. Not listening yet. */
export function createHost(): Server {
  let requests = 0;
  return createServer((request, response) => {
    requests += 1;
    void answer(request, requests).then((result) => send(response, result));
  });
}

async function answer(request: IncomingMessage, id: number): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: 'use GET' };
  const { pathname, searchParams } = readUrl(request);
  if (pathname === '/') return { status: 200, body: index() };
  const found = FUNCTIONS.get(pathname);
  if (found === undefined) return { status: 404, body: `there is no function at ${pathname}\n\n${index()}` };
  return runFunction(found, { id, query: searchParams });
}

function readUrl(request: IncomingMessage): { pathname: string; searchParams: URLSearchParams } {
  const [pathname = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return { pathname, searchParams: new URLSearchParams(query) };
}

async function runFunction({ run }: WebFunction, request: Request): Promise<Answer> {
  try {
    return { status: 200, body: await run(request) };
  } catch (error) {
    if (error instanceof QueryError) return { status: 400, body: error.message };
    console.error(error); // As a host does with whatever a function throws: with its stack.
    return { status: 500, body: 'the function failed: its error is in the logs' };
  }
}

function index(): string {
  return [
    'webtask: a function runs for each of these',
    ...[...FUNCTIONS.values()].map(({ usage }) => usage),
  ].join('\n');
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
}
