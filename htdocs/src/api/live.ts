// What keeps a page up to date: what the server tells by itself, and asking again. Who follows events asks rarely while
// they come, and every few seconds while they do not; less often while the server is away, not at all while the page is
// hidden.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Unreachable, ApiError, sessionEnded } from './client';
import { type Events, follow, type Heard, listening, type Topic, type Interest, subscribe } from './events';

const slowest = 20000;
const calm = 75000; // from asking to asking while events come: for what they do not say
const least = 1200; // from asking to asking because of events

export type Hearing<T> = { [K in Topic]?: (event: Events[K], data: T) => Heard<T> };

export interface Live<T> {
  data: T | null;
  whole: boolean; // false: the first part of the data, while the rest is on its way
  problem: Error | null; // of the latest try; the data before it stays
  refresh: () => void;
}

/** Subscribes while the component is on the page. null: not now. */
export function useInterest(what: Interest | null): void {
  const key = JSON.stringify(what);
  useEffect(() => (what === null ? undefined : subscribe(what)), [key]);
}

/**
 * Asks at once and again every `every` ms (0: only when refresh is called), rarely while the events that it hears come. A
 * new key drops the data. The function may use what it found before, and show the first part
 * of what it finds while the rest is on its way.
 */
export function useLive<T>(
  key: string | null,
  fetcher: (signal: AbortSignal, before: T | null, first: (part: T) => void) => Promise<T>,
  every = 3000,
  hears?: Hearing<T>,
): Live<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; whole: boolean; problem: Error | null }>({
    key,
    data: null,
    whole: false,
    problem: null,
  });
  const latest = useRef(fetcher);
  latest.current = fetcher;
  const hearing = useRef(hears);
  hearing.current = hears;
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
      wait === every && hears && listening.value ? Math.max(every, calm * (0.75 + Math.random() / 2)) : wait;
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
        if (problem instanceof ApiError && problem.status === 404) wait = 0; // it will not come back
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

    // Many pages hear the same at the same time; they do not all ask at the same time.
    const askSoon = (): void => {
      if (document.hidden || soon !== 0) return;
      soon = window.setTimeout(() => void tick(), Math.max(0, asked + least - Date.now()) + Math.random() * 150);
    };
    const hear = (topic: Topic, event: never): void => {
      if (topic === 'everything') return askSoon();
      const made = data === null ? undefined : (hearing.current?.[topic] as Hearing<T>['job'])?.(event, data);
      if (running) again = again || data === null || made !== undefined; // what is on its way may be older
      if (made === undefined) return;
      if (made === 'ask') return askSoon();
      data = made.data;
      setState({ key, data, whole: true, problem: null });
      if (made.ask) askSoon();
    };
    const unfollow = hears
      ? [...(Object.keys(hears) as Topic[]), 'everything' as const].map((topic) =>
          follow(topic, (event) => hear(topic, event as never)),
        )
      : [];
    // When the events stop, what they kept up to date is asked for as before.
    const heardLess = listening.follow((on) => {
      if (on || !hears || every === 0) return;
      window.clearTimeout(timer);
      if (!document.hidden) timer = window.setTimeout(() => void tick(), every);
    });
    const seen = (): void => {
      if (!document.hidden) void tick();
      else window.clearTimeout(timer);
    };
    const backIn = sessionEnded.follow((ended) => {
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
      heardLess();
      backIn();
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
