// Server-sent events: one stream for the whole page, with the interests of all its parts. It resumes after the last
// event; when the server cannot tell what was missed, everything is requested again. Without a stream the page polls every
// few seconds. A hidden page has none: browsers open at most six connections to a server, for all pages together.
import { Store } from '../base/store';
import { ask, unavailable, ApiError, sessionEnded, url } from './client';
import type { Job, Slave, Task } from './routes';

type Counts = Job['tasks'];
/** What changed of a job: all of it, or some of its counts and the sum of the progress of its frames at work. */
export type JobUpdate = { id: number } & Partial<Omit<Job, 'tasks'>> & {
    tasks?: Partial<Counts>;
    rendering_progress?: number;
    created?: true;
    deleted?: true;
  };
export type TaskUpdate = { id: number } & Partial<Task>;
export interface Events {
  job: JobUpdate;
  frames: { job_id: number; truncated: boolean; items: TaskUpdate[] };
  slave: { id: number; changed?: true } & Partial<Pick<Slave, 'online' | 'current_tasks'>>;
  grid: {
    slaves: { online: number };
    jobs: { active: number };
    frames: { ready: number; assigned: number; rendering: number; checking: number };
  };
  points: object;
  notification: object;
  project: { id: number }; // created, or its shots changed
  everything: null; // unknown events were missed
}
export type Topic = keyof Events;
const topics = ['job', 'frames', 'slave', 'grid', 'points', 'notification', 'project'] as const;

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

/** Sets the position of the stream: events after this one, which GET /sessions/current returned, are new. */
export function knowPosition(event: string): void {
  last ??= event;
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
  close();
}

function query(): string {
  const parts = new URLSearchParams();
  const all = [...interests];
  const job = all.find((each) => each.job !== undefined)?.job;
  if (job !== undefined) parts.set('job_id', String(job));
  if (all.some((each) => each.slaves)) parts.set('slaves', 'true');
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
  if (last !== null) parts.set('since', last);
  const stream = new EventSource(url('/api/v1/events') + (parts.toString() ? '?' + parts.toString() : ''));
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
  on('hello', () => begin(resumed));
  on('reset', () => begin(false));
  on('end', failed);
  on('beat', () => undefined);
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

/** A slave with an update applied. When a frame has ended, more has changed than current tasks. */
export function applySlaveUpdate(slave: Slave, update: Events['slave']): Applied<Slave> {
  const now = update.current_tasks;
  if (update.changed || update.online !== slave.online || !now) return 'ask';
  const here = new Set(now.map((work) => work.task_id));
  const ended = slave.current_tasks.some((work) => !here.has(work.task_id));
  return { data: { ...slave, current_tasks: now }, ask: ended };
}

/** Result of applying an event to data: new data, a request for it, both, or nothing. */
export type Applied<T> = { data: T; ask?: boolean } | 'ask' | undefined;

/** Frames that slaves have, whatever they do with them. */
export const atSlaves = (counts: { assigned: number; rendering: number; checking: number }): number =>
  counts.assigned + counts.rendering + counts.checking;
export const atWork = (job: Job): number => atSlaves(job.tasks);

/** Somebody changed the job: the update is all of it. */
export const isWhole = (update: JobUpdate): update is Job => update.tasks?.total !== undefined;

/** A job with an update applied. A new state changes more than the update contains. */
export function applyUpdate(job: Job, update: JobUpdate): Applied<Job> {
  if (update.created || update.deleted) return 'ask';
  if (isWhole(update)) return { data: { ...job, ...update } };
  const { rendering_progress: rendering, tasks, ...rest } = update;
  const next: Job = { ...job, ...rest, tasks: { ...job.tasks, ...tasks } };
  const { total, finished } = next.tasks;
  next.progress = total > 0 ? Math.min(1, (finished + (rendering ?? 0)) / total) : 0;
  if (atWork(next) > 0) next.wait_reason = null;
  return { data: next, ask: next.state !== job.state };
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
