// Server-sent events: one stream for the whole page, with the interests of all its parts. It resumes after the last
// event; when the server cannot tell what was missed, everything is requested again. Without a stream the page polls every
// few seconds. A hidden page has none: browsers open at most six connections to a server, for all pages together.
import { Store } from '../base/store';
import { ask, firstEvent, unavailable, ApiError, sessionEnded, url } from './client';
import type { Job, Slave, Task } from './routes';

/** A merge patch (RFC 7396) of something that is kept here. Without a revision only what is live has changed. */
export type Patch<T> = { [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };
export type JobUpdate = { id: number } & Patch<Job>;
export type SlaveUpdate = { id: number } & Patch<Slave>;
export type TaskUpdate = { id: number } & Partial<Task>;
export interface Events {
  'job.created': { id: number };
  'job.updated': JobUpdate;
  'job.deleted': { id: number };
  'tasks.updated': { job_id: number; truncated: boolean; items: TaskUpdate[] };
  'slave.updated': SlaveUpdate;
  'grid.updated': {
    slaves: { online: number };
    jobs: { active: number };
    frames: { ready: number; assigned: number; rendering: number; checking: number };
  };
  'points.changed': object;
  'notification.created': object;
  'project.updated': { id: number }; // created, or its shots changed
  everything: null; // unknown events were missed
}
export type Topic = keyof Events;
const topics = [
  'job.created',
  'job.updated',
  'job.deleted',
  'tasks.updated',
  'slave.updated',
  'grid.updated',
  'points.changed',
  'notification.created',
  'project.updated',
] as const;

export interface Interest {
  job?: number; // its frames, too
  slaves?: boolean;
  all?: boolean; // of all users
}

/** True while a stream is open. */
export const listening = new Store(false);
listening.follow((on) => (document.documentElement.dataset['live'] = on ? 'on' : 'off')); // for tests

const silence = 50_000; // the server sends a heartbeat every 20 s
const slowest = 10_000;

const followers = new Map<Topic, Set<(event: never) => void>>();
const interests = new Set<Interest>();
let openQuery = ''; // query of the open stream
let source: EventSource | null = null;
let last: string | null = null; // id of the latest event
let lastSeen = 0;
let fails = 0;
let retry = 0;
let changing = 0;
let running = false;

export function follow<T extends Topic>(topic: T, follower: (event: Events[T]) => void): () => void {
  const known = followers.get(topic) ?? new Set();
  followers.set(topic, known);
  known.add(follower);
  return () => known.delete(follower);
}

function publish<T extends Topic>(topic: T, event: Events[T]): void {
  for (const follower of [...(followers.get(topic) ?? [])]) (follower as (event: Events[T]) => void)(event);
}

/** The stream includes events of this interest until the returned function is called. */
export function subscribe(interest: Interest): () => void {
  interests.add(interest);
  changed();
  return () => {
    interests.delete(interest);
    changed();
  };
}

export function listen(): void {
  if (running) return;
  running = true;
  document.addEventListener('visibilitychange', changed);
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', changed);
  sessionEnded.follow(changed);
  window.setInterval(() => {
    if (source && Date.now() - lastSeen > silence) failed();
  }, 10_000);
  changed();
}

export function stopListening(): void {
  running = false;
  document.removeEventListener('visibilitychange', changed);
  window.removeEventListener('pagehide', close);
  window.removeEventListener('pageshow', changed);
  last = null;
  firstEvent.set(null);
  close();
}

function query(): string {
  const parts = new URLSearchParams();
  const all = [...interests];
  const job = all.find((each) => each.job !== undefined)?.job;
  const slaves = all.some((each) => each.slaves);
  const left = [job === undefined ? 'tasks.updated' : '', slaves ? '' : 'slave.updated'];
  parts.set('topics', topics.filter((topic) => !left.includes(topic)).join(','));
  if (job !== undefined) parts.set('job_id', String(job));
  if (all.some((each) => each.all)) parts.set('owner', 'any');
  return parts.toString();
}

// Closes a stream at once: a page that the browser keeps after leaving it runs no timers, and would hold one of the six
// connections for a minute. Opening is delayed, so that interests of a new page are known.
function changed(): void {
  window.clearTimeout(changing);
  const silent = (): boolean => !running || sessionEnded.value || document.hidden;
  if (silent()) return close();
  changing = window.setTimeout(() => {
    if (!silent() && (!source || query() !== openQuery)) open();
  }, 20);
}

function close(): void {
  window.clearTimeout(retry);
  source?.close();
  source = null;
  listening.set(false);
}

function open(): void {
  close();
  openQuery = query();
  const parts = new URLSearchParams(openQuery);
  last ??= firstEvent.value; // nothing here is older than the first answer
  if (last !== null) parts.set('since', last);
  const stream = new EventSource(url('/api/v1/events') + '?' + parts.toString());
  source = stream;
  lastSeen = Date.now();
  const on = (name: string, does: (event: MessageEvent<string>) => void): void =>
    stream.addEventListener(name, (event) => {
      if (source !== stream) return;
      lastSeen = Date.now();
      const message = event as MessageEvent<string>;
      if (message.lastEventId) last = message.lastEventId;
      does(message);
    });
  const begin = (complete: boolean): void => {
    fails = 0;
    unavailable.set(false); // perhaps no other request would notice
    listening.set(true);
    if (!complete) publish('everything', null);
  };
  const resumed = last !== null;
  on('stream.open', () => begin(resumed));
  on('stream.reset', () => begin(false));
  on('stream.end', failed);
  on('heartbeat', () => undefined);
  for (const topic of topics) on(topic, (event) => publish(topic, JSON.parse(event.data) as never));
  stream.onerror = () => source === stream && failed();
}

// The browser gives no reason. Requesting /users/me finds it: the server is unavailable, the session has ended, or neither.
function failed(): void {
  close();
  fails += 1;
  const wait = Math.min(slowest, 500 * 2 ** Math.min(fails, 6)) * (0.75 + Math.random() / 2);
  ask('GET /api/v1/users/me').then(
    () => later(fails > 1 ? wait : 100),
    (problem: unknown) => later(problem instanceof ApiError && problem.status === 401 ? slowest : wait),
  );
}

function later(wait: number): void {
  window.clearTimeout(retry);
  if (source) return;
  retry = window.setTimeout(changed, wait);
}

/** Result of applying an event to data: new data, a request for it, both, or nothing. */
export type Applied<T> = { data: T; ask?: boolean } | 'ask' | undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Data with a merge patch applied, but for null, which is a value of every member here. */
function merged<T extends object>(data: T, patch: Patch<T>): T {
  const next = { ...data } as Record<string, unknown>;
  for (const [name, value] of Object.entries(patch))
    next[name] = isObject(value) && isObject(next[name]) ? merged(next[name] as object, value) : value;
  return next as T;
}

/** A patch that was made before what is kept here. */
const isOlder = (kept: { revision: number }, patch: { revision?: number | undefined }): boolean =>
  (patch.revision ?? kept.revision) < kept.revision;

/** A slave with an update applied. When a frame has ended, or it came or went, more has changed than the update says. */
export function applySlaveUpdate(slave: Slave, update: SlaveUpdate): Applied<Slave> {
  if (isOlder(slave, update)) return undefined;
  const data = merged(slave, update);
  const here = new Set(data.current_tasks.map((work) => work.task_id));
  const ended = slave.current_tasks.some((work) => !here.has(work.task_id));
  return { data, ask: ended || data.online !== slave.online };
}

/** Frames that slaves have, whatever they do with them. */
export const atSlaves = (counts: { assigned: number; rendering: number; checking: number }): number =>
  counts.assigned + counts.rendering + counts.checking;
export const atWork = (job: Job): number => atSlaves(job.tasks);

/** A job with an update applied. A new state changes more than the server says by itself. */
export function applyUpdate(job: Job, update: JobUpdate): Applied<Job> {
  if (isOlder(job, update)) return undefined;
  const data = merged(job, update);
  const { total, finished } = data.tasks;
  data.progress = total > 0 ? Math.min(1, (finished + data.rendering_progress) / total) : 0;
  return { data, ask: data.state !== job.state };
}

/** A list with an update applied to one of its items. */
export function applyListUpdate<T extends { id: number }>(
  list: T[],
  id: number,
  apply: (one: T) => Applied<T>,
): Applied<T[]> {
  const at = list.findIndex((one) => one.id === id);
  const made = at < 0 ? undefined : apply(list[at] as T);
  if (made === undefined || made === 'ask') return made;
  return { ...made, data: [...list.slice(0, at), made.data, ...list.slice(at + 1)] };
}
