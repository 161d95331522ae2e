// The frames of a job, kept up to date: all of them once, then only the pages in which something may still happen, and
// only when the job's figures say that something has.
import { useRef } from 'preact/hooks';
import { ask } from './client';
import { type Live, useLive } from './live';
import type { Job, Task } from './routes';

const pageSize = 1000;
const pagesAtOnce = 4;

interface Page {
  after: number | undefined; // the cursor that gave it
  tasks: Task[];
  looked: number; // when, counted in looks
}

const over = (task: Task): boolean => task.state === 'accepted' || task.state === 'cancelled';
const stampOf = (job: Job): string =>
  [job.state, job.accepted, job.failed, job.leased, job.tasks, job.progress.toFixed(4)].join();

async function fetchPage(
  job: number,
  after: number | undefined,
  signal: AbortSignal,
): Promise<{ tasks: Task[]; next: number | null }> {
  const query = after === undefined ? { limit: pageSize } : { limit: pageSize, after };
  const page = await ask('GET /api/v1/jobs/{id}/tasks', { path: { id: job }, query, signal });
  return { tasks: page.items, next: page.next };
}

async function fetchAll(job: number, signal: AbortSignal): Promise<Page[]> {
  const pages: Page[] = [];
  for (let after: number | undefined; ; ) {
    const { tasks, next } = await fetchPage(job, after, signal);
    if (tasks.length > 0) pages.push({ after, tasks, looked: 0 });
    if (next === null) return pages;
    after = next;
  }
}

export function useTaskList(job: Job | null): Live<Task[]> {
  const latest = useRef(job);
  latest.current = job;
  const kept = useRef<{ stamp: string; looks: number; pages: Page[]; all: Task[] } | null>(null);
  return useLive<Task[]>(
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
      // Where frames are in work first, then what was not looked at for longest.
      const live = old.pages.filter((page) => !page.tasks.every(over));
      const inWork = (page: Page): number => (page.tasks.some((task) => task.state === 'leased') ? 0 : 1);
      live.sort((left, right) => inWork(left) - inWork(right) || left.looked - right.looked);
      old.looks += 1;
      await Promise.all(
        live.slice(0, pagesAtOnce).map(async (page) => {
          page.tasks = (await fetchPage(now.id, page.after, signal)).tasks;
          page.looked = old.looks;
        }),
      );
      old.stamp = live.length > pagesAtOnce ? '' : stamp; // there is more to look at
      old.all = old.pages.flatMap((page) => page.tasks);
      return old.all;
    },
    1500,
  );
}
