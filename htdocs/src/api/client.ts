// Talks to the server: one typed function for every route, one place for the session's CSRF token, and two facts that
// every page may follow: whether the server is unavailable, and whether the session has ended.
import { Store } from '../base/store';
import { text } from '../text';
import type { AnswerOf, BodyOf, PathOf, QueryOf, Route } from './routes';

/** The server rejected the request; the message is for the user. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly retryAfter = 0) {
    super(message);
  }
}

/** The server did not answer, or answered 502 to 504; the same request may succeed later. */
export class Unreachable extends Error {}

export const unavailable = new Store(false);
export const sessionEnded = new Store(false);
/** The latest event when the first answer was made: what was asked for since then may be older than later ones. */
export const firstEvent = new Store<string | null>(null);

let csrf: string | null = null;
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** The address of a path of the API, below whatever prefix this page was opened. */
export function url(path: string): string {
  return new URL('.' + path, document.baseURI.split('#')[0]).href;
}

export function headersFor(method: string): Record<string, string> {
  return csrf !== null && method !== 'GET' && method !== 'HEAD' ? { 'X-CSRF-Token': csrf } : {};
}

type Arguments<R extends Route> = {
  query?: QueryOf<R>;
  signal?: AbortSignal | undefined;
  key?: string; // of what must not happen twice
} & (undefined extends PathOf<R> ? { path?: undefined } : { path: PathOf<R> }) &
  (undefined extends BodyOf<R> ? { body?: BodyOf<R> } : { body: BodyOf<R> });

/** May be left out where no member is required. */
type Given<R extends Route> = Record<string, never> extends Omit<Arguments<R>, never> ? [Arguments<R>?] : [Arguments<R>];

/** ask('GET /api/v1/jobs/{job_id}', { path: { job_id: 5 } }) */
export async function ask<R extends Route>(route: R, ...[given]: Given<R>): Promise<AnswerOf<R>> {
  const [method, pattern] = route.split(' ') as [string, string];
  const values: Record<string, unknown> = given?.path ?? {};
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given?.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const headers = headersFor(method);
  if (given?.key !== undefined) headers['Idempotency-Key'] = given.key;
  if (given?.body !== undefined) headers['Content-Type'] = 'application/json';
  const reply = await send(url(path) + (query.toString() ? '?' + query.toString() : ''), {
    method,
    headers,
    body: given?.body === undefined ? null : JSON.stringify(given.body),
    signal: given?.signal ?? null,
  });
  if (!reply.ok) throw await errorOf(reply);
  if (firstEvent.value === null) firstEvent.set(reply.headers.get('DistRen-Event'));
  if (reply.status === 204) return null as AnswerOf<R>;
  return (await reply.json()) as AnswerOf<R>;
}

const patience = 10; // times

/** fetch that keeps `unavailable` up to date, and retries a 429, of which the server has carried out nothing, when the
 * wait is a second or two. */
export async function send(address: string, how: RequestInit): Promise<Response> {
  for (let left = patience; ; left -= 1) {
    const reply = await sendOnce(address, how);
    const wait = Number(reply.headers.get('Retry-After') ?? Infinity);
    if (reply.status !== 429 || wait > 2 || left === 0) return reply;
    await new Promise((go) => window.setTimeout(go, wait * 1000));
  }
}

async function sendOnce(address: string, how: RequestInit): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(address, { ...how, credentials: 'same-origin', cache: 'no-cache' });
  } catch (problem) {
    if (how.signal?.aborted) throw problem;
    unavailable.set(true);
    throw new Unreachable(text.unavailable.unreachable);
  }
  unavailable.set(reply.status === 502 || reply.status === 503 || reply.status === 504);
  return reply;
}

export async function errorOf(reply: Response): Promise<Error> {
  let message = text.unavailable.strange(reply.status);
  try {
    const answer = (await reply.json()) as { detail?: string };
    message = answer.detail ?? message;
  } catch {
    // a proxy's page, perhaps
  }
  if (reply.status === 401 && csrf !== null) {
    csrf = null;
    sessionEnded.set(true);
  }
  if (reply.status >= 502 && reply.status <= 504) return new Unreachable(message);
  return new ApiError(reply.status, sentence(message), Number(reply.headers.get('Retry-After') ?? 0));
}

/** The server writes as programs do, 'name: ...'; people read sentences. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

export function messageOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
