// The frames of a job, kept up to date: all of them once, then by events; without events, the pages with unfinished
// frames, and only when the job's counts have changed.
import { useEffect, useRef } from 'preact/hooks';
import { ask } from './client';
import { type Events, listening, type TaskUpdate } from './events';
import { type Live, useLive } from './live';
import type { Job, Task } from './routes';

const pageSize = 1000;
const pagesAtOnce = 4;
const everywhere = 'everywhere'; // the stamp of a list in which any frame may be different

interface Page {
  cursor: string | undefined; // that gave it
  tasks: Task[];
  looked: number; // number of the refresh that fetched it
}

const over = (task: Task): boolean => task.state === 'finished' || task.state === 'cancelled';
/** A slave has it, whatever it does with it. */
export const atSlave = (task: Task): boolean =>
  task.state === 'assigned' || task.state === 'rendering' || task.state === 'checking';
const stampOf = (job: Job): string =>
  [job.state, ...Object.values(job.tasks), job.progress.toFixed(4)].join();

async function fetchPage(
  job: number,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ tasks: Task[]; next: string | null }> {
  const query = cursor === undefined ? { limit: pageSize } : { limit: pageSize, cursor };
  const page = await ask('GET /api/v1/jobs/{job_id}/tasks', { path: { job_id: job }, query, signal });
  return { tasks: page.items, next: page.next_cursor };
}

async function fetchAll(job: number, signal: AbortSignal): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | undefined; ; ) {
    const { tasks, next } = await fetchPage(job, cursor, signal);
    if (tasks.length > 0) pages.push({ cursor, tasks, looked: 0 });
    if (next === null) return pages;
    cursor = next;
  }
}

function applyTaskUpdate(task: Task, update: TaskUpdate): Task {
  const next = { ...task, ...update };
  // The server may have forgotten the name of one that is offline.
  if (next.slave && next.slave.id === task.slave?.id) next.slave = { ...next.slave, name: next.slave.name ?? task.slave.name };
  return next;
}

interface Kept {
  stamp: string;
  looks: number;
  pages: Page[];
  all: Task[];
}

function applyFramesUpdate(kept: Kept, update: Events['tasks.updated']): Task[] | undefined {
  const items = new Map(update.items.map((item) => [item.id, item]));
  let found = false;
  for (const page of kept.pages) {
    const [first, last] = [page.tasks[0], page.tasks[page.tasks.length - 1]];
    if (!first || !last || !update.items.some(({ id }) => id >= first.id && id <= last.id)) continue;
    found = true;
    page.tasks = page.tasks.map((task) => {
      const item = items.get(task.id);
      return item ? applyTaskUpdate(task, item) : task;
    });
  }
  if (!found) return undefined;
  kept.all = kept.pages.flatMap((page) => page.tasks);
  return kept.all;
}

export function useTaskList(job: Job | null): Live<Task[]> {
  const latest = useRef(job);
  latest.current = job;
  const kept = useRef<Kept | null>(null);
  const list = useLive<Task[]>(
    job === null ? null : `tasks ${job.id}`,
    async (signal, before) => {
      const now = latest.current as Job;
      const stamp = stampOf(now);
      const old = before === null ? null : kept.current;
      if (old === null) {
        const pages = await fetchAll(now.id, signal);
        kept.current = { stamp, looks: 0, pages, all: pages.flatMap((page) => page.tasks) };
        return kept.current.all;
      }
      if (old.stamp === stamp) return old.all;
      // Pages with rendering frames first, then those fetched longest ago.
      const whole = old.stamp === everywhere;
      const live = old.pages.filter((page) => whole || !page.tasks.every(over));
      const most = whole ? live.length : pagesAtOnce;
      const isRendering = (page: Page): number => (page.tasks.some(atSlave) ? 0 : 1);
      live.sort((left, right) => isRendering(left) - isRendering(right) || left.looked - right.looked);
      old.looks += 1;
      await Promise.all(
        live.slice(0, most).map(async (page) => {
          page.tasks = (await fetchPage(now.id, page.cursor, signal)).tasks;
          page.looked = old.looks;
        }),
      );
      old.stamp = live.length > most ? '' : stamp; // more pages are to be fetched
      old.all = old.pages.flatMap((page) => page.tasks);
      return old.all;
    },
    1500,
    {
      'tasks.updated': (update) => {
        if (!job || update.job_id !== job.id || !kept.current) return undefined;
        const now = applyFramesUpdate(kept.current, update);
        if (!update.truncated) return now && { data: now };
        kept.current.stamp = ''; // the event was truncated
        return now ? { data: now, ask: true } : 'ask';
      },
    },
  );
  // Cancelling and requeueing publish no events per frame.
  const state = job && `${job.id} ${job.state} ${job.tasks.failed}`;
  const before = useRef(state);
  useEffect(() => {
    if (before.current && before.current !== state && listening.value && kept.current) {
      kept.current.stamp = everywhere;
      list.refresh();
    }
    before.current = state;
  }, [state]);
  return list;
}
