// All jobs of a user, kept up to date at little cost: everything once, the newest shown first, then only active and new
// jobs. A job that is no longer active is fetched by itself.
import { ask, ApiError } from './client';
import { type Applied, type JobUpdate, applyListUpdate, applyUpdate } from './events';
import { everyPage, type Live, useLive, useInterest } from './live';
import type { Job } from './routes';

const asksAtOnce = 20;
const firstPage = 60; // rows: more than a window shows

async function fetchUnlessDeleted(id: number, signal: AbortSignal): Promise<Job | null> {
  try {
    return await ask('GET /api/v1/jobs/{job_id}', { path: { job_id: id }, signal });
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return null;
    throw problem;
  }
}

/** What a list of jobs does with events of one of them. */
export const jobListHandlers = {
  'job.created': (): Applied<Job[]> => 'ask',
  'job.updated': (update: JobUpdate, jobs: Job[]): Applied<Job[]> =>
    applyListUpdate(jobs, update.id, (job) => applyUpdate(job, update)),
  'job.deleted': ({ id }: { id: number }, jobs: Job[]): Applied<Job[]> =>
    jobs.some((job) => job.id === id) ? { data: jobs.filter((job) => job.id !== id) } : undefined,
};

export function useJobList(all: boolean): Live<Job[]> {
  useInterest(all ? { all: true } : null);
  const who: { owner?: string } = all ? { owner: 'any' } : {};
  return useLive<Job[]>(
    `jobs ${all}`,
    async (signal, before, first) => {
      if (before === null) {
        return everyPage(
          (cursor) =>
            ask('GET /api/v1/jobs', {
              query: { ...who, limit: cursor ? 1000 : firstPage, ...(cursor ? { cursor } : {}) },
              signal,
            }),
          (jobs) => jobs.length <= firstPage && first([...jobs]),
        );
      }
      const [active, newest] = await Promise.all([
        ask('GET /api/v1/jobs', { query: { ...who, state: 'active', limit: 1000 }, signal }),
        ask('GET /api/v1/jobs', { query: { ...who, limit: 50 }, signal }),
      ]);
      const jobs = new Map(before.map((job) => [job.id, job]));
      // A job that is missing among the newest was deleted.
      const oldest = newest.next_cursor === null ? 0 : newest.items[newest.items.length - 1]?.id ?? 0;
      for (const id of jobs.keys()) if (id >= oldest) jobs.delete(id);
      for (const job of newest.items) jobs.set(job.id, job);
      const stillActive = new Set(active.items.map((job) => job.id));
      const changed = [...jobs.values()].filter((job) => job.state === 'active' && !stillActive.has(job.id));
      for (const job of active.items) jobs.set(job.id, job);
      for (const { id } of changed.slice(0, asksAtOnce)) {
        const now = await fetchUnlessDeleted(id, signal);
        if (now) jobs.set(id, now);
        else jobs.delete(id);
      }
      return [...jobs.values()].sort((left, right) => right.id - left.id);
    },
    4000,
    jobListHandlers,
  );
}
