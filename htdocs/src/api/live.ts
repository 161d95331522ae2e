// What keeps a page up to date. For now by asking again: while the page is seen, less often while nothing changes or
// the server is away, not at all while it is hidden. Events from the server can take its place without a page noticing.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Away, Refused, sessionEnded } from './client';

const slowest = 20000;

export interface Live<T> {
  data: T | null;
  problem: Error | null; // of the latest try; the data before it stays
  refresh: () => void;
}

/**
 * Asks at once and again every `every` ms (0: only when refresh is called). A new key drops the data. The function may
 * use what it found before.
 */
export function useLive<T>(
  key: string | null,
  fetcher: (signal: AbortSignal, before: T | null) => Promise<T>,
  every = 3000,
): Live<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; problem: Error | null }>({
    key,
    data: null,
    problem: null,
  });
  const latest = useRef(fetcher);
  latest.current = fetcher;
  const wake = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    let timer = 0;
    let running = false;
    let again = false;
    let wait = every;
    let data: T | null = null;

    const tick = async (): Promise<void> => {
      window.clearTimeout(timer);
      if (running) {
        again = true;
        return;
      }
      running = true;
      try {
        data = await latest.current(stop.signal, data);
        wait = every;
        if (!stop.signal.aborted) setState({ key, data, problem: null });
      } catch (problem) {
        if (stop.signal.aborted) return;
        wait = Math.min(Math.max(wait, 1000) * 1.6, slowest);
        if (problem instanceof Refused) wait = Math.max(wait, problem.retryAfter * 1000);
        setState({ key, data, problem: problem as Error });
        if (problem instanceof Refused && problem.status === 404) wait = 0; // it will not come back
        if (problem instanceof Away && wait > 5000) wait = 5000;
      } finally {
        running = false;
      }
      if (stop.signal.aborted) return;
      if (again) {
        again = false;
        void tick();
      } else if (every > 0 && wait > 0 && !document.hidden) {
        timer = window.setTimeout(() => void tick(), wait);
      }
    };

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
      backIn();
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, every]);

  const current = state.key === key ? state : { data: null, problem: null };
  return { data: current.data, problem: current.problem, refresh: () => wake.current() };
}

/** All pages of a list, by its cursor. */
export async function everyPage<T>(
  fetchPage: (cursor: number | undefined) => Promise<{ items: T[]; next: number | null }>,
  seen: (items: T[]) => void = () => undefined,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: number | undefined;
  for (;;) {
    const page = await fetchPage(cursor);
    all.push(...page.items);
    seen(all);
    if (page.next === null) return all;
    cursor = page.next;
  }
}
