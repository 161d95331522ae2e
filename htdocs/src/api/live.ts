// Keeps the data of a page up to date, by events and by polling: rarely while a stream is open, every few seconds
// without one, less often while the server is unavailable, never while the page is hidden.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Unreachable, ApiError, sessionEnded } from './client';
import { type Events, follow, type Applied, listening, type Topic, type Interest, subscribe } from './events';

const slowest = 20000;
const calm = 75000; // between polls while events arrive: for what they do not contain
const least = 1200; // between requests caused by events

export type EventHandlers<T> = { [K in Topic]?: (event: Events[K], data: T) => Applied<T> };

export interface Live<T> {
  data: T | null;
  whole: boolean; // false: the first part of the data, while the rest is loading
  problem: Error | null; // of the latest request; earlier data stay
  refresh: () => void;
}

/** Subscribes while the component is mounted. null: not now. */
export function useInterest(what: Interest | null): void {
  const key = JSON.stringify(what);
  useEffect(() => (what === null ? undefined : subscribe(what)), [key]);
}

/**
 * Fetches at once and again every `every` ms (0: only when refresh is called), rarely while a stream delivers its events.
 * A new key drops the data. The fetcher may use the previous data, and show the first part while the rest is loading.
 */
export function useLive<T>(
  key: string | null,
  fetcher: (signal: AbortSignal, before: T | null, first: (part: T) => void) => Promise<T>,
  every = 3000,
  handlers?: EventHandlers<T>,
): Live<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; whole: boolean; problem: Error | null }>({
    key,
    data: null,
    whole: false,
    problem: null,
  });
  const latest = useRef(fetcher);
  latest.current = fetcher;
  const latestHandlers = useRef(handlers);
  latestHandlers.current = handlers;
  const wake = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    let timer = 0;
    let running = false;
    let again = false;
    let wait = every;
    let data: T | null = null;
    let asked = 0;
    let soon = 0;

    const pause = (): number =>
      wait === every && handlers && listening.value ? Math.max(every, calm * (0.75 + Math.random() / 2)) : wait;
    const tick = async (): Promise<void> => {
      window.clearTimeout(timer);
      window.clearTimeout(soon);
      soon = 0;
      if (running) {
        again = true;
        return;
      }
      running = true;
      asked = Date.now();
      try {
        data = await latest.current(stop.signal, data, (part) => {
          if (!stop.signal.aborted && data === null) setState({ key, data: part, whole: false, problem: null });
        });
        wait = every;
        if (!stop.signal.aborted) setState({ key, data, whole: true, problem: null });
      } catch (problem) {
        if (stop.signal.aborted) return;
        wait = Math.min(Math.max(wait, 1000) * 1.6, slowest);
        if (problem instanceof ApiError) wait = Math.max(wait, problem.retryAfter * 1000);
        setState({ key, data, whole: data !== null, problem: problem as Error });
        if (problem instanceof ApiError && problem.status === 404) wait = 0; // it was deleted
        if (problem instanceof Unreachable && wait > 5000) wait = 5000;
      } finally {
        running = false;
      }
      if (stop.signal.aborted) return;
      if (again) {
        again = false;
        void tick();
      } else if (every > 0 && wait > 0 && !document.hidden) {
        timer = window.setTimeout(() => void tick(), pause());
      }
    };

    // Many pages receive the same event at once; random delays spread their requests.
    const askSoon = (): void => {
      if (document.hidden || soon !== 0) return;
      soon = window.setTimeout(() => void tick(), Math.max(0, asked + least - Date.now()) + Math.random() * 150);
    };
    const apply = (topic: Topic, event: never): void => {
      if (topic === 'everything') return askSoon();
      const handler = latestHandlers.current?.[topic] as EventHandlers<T>['job.updated'];
      const made = data === null ? undefined : handler?.(event, data);
      if (running) again = again || data === null || made !== undefined; // the pending response may be older
      if (made === undefined) return;
      if (made === 'ask') return askSoon();
      data = made.data;
      setState({ key, data, whole: true, problem: null });
      if (made.ask) askSoon();
    };
    const unfollow = handlers
      ? [...(Object.keys(handlers) as Topic[]), 'everything' as const].map((topic) =>
          follow(topic, (event) => apply(topic, event as never)),
        )
      : [];
    // Without events, polling resumes.
    const unfollowListening = listening.follow((on) => {
      if (on || !handlers || every === 0) return;
      window.clearTimeout(timer);
      if (!document.hidden) timer = window.setTimeout(() => void tick(), every);
    });
    const seen = (): void => {
      if (!document.hidden) void tick();
      else window.clearTimeout(timer);
    };
    const unfollowSession = sessionEnded.follow((ended) => {
      if (!ended) void tick();
    });
    wake.current = () => void tick();
    document.addEventListener('visibilitychange', seen);
    void tick();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      window.clearTimeout(soon);
      for (const each of unfollow) each();
      unfollowListening();
      unfollowSession();
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, every]);

  const current = state.key === key ? state : { data: null, whole: false, problem: null };
  return { data: current.data, whole: current.whole, problem: current.problem, refresh: () => wake.current() };
}

/** All pages of a list, by its cursor. */
export async function everyPage<T>(
  fetchPage: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor: string | null }>,
  seen: (items: T[]) => unknown = () => undefined,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await fetchPage(cursor);
    all.push(...page.items);
    seen(all);
    if (page.next_cursor === null) return all;
    cursor = page.next_cursor;
  }
}
