// What can be done to jobs, alone or many at once, and which of it fits a job's state.
import { ask, messageOf } from '../api/client';
import type { Job, JobState, Task } from '../api/routes';
import { text } from '../text';
import { confirmed } from './dialog';
import { showToast, tried } from './toast';
import { count } from '../base/format';

export type Action = 'pause' | 'resume' | 'cancel' | 'requeue' | 'delete';

const fitting: Record<Action, readonly JobState[]> = {
  pause: ['active'],
  resume: ['paused'],
  cancel: ['active', 'paused'],
  requeue: ['active', 'paused', 'finished', 'failed'],
  delete: ['finished', 'failed', 'cancelled'],
};

export function fits(action: Action, job: Job): boolean {
  return fitting[action].includes(job.state) && (action !== 'requeue' || job.tasks.failed > 0);
}

const largestBatch = 200;

/** To all of them. Resolves to the problems, in words. */
async function send(action: Action, jobs: Job[]): Promise<string[]> {
  const problems: string[] = [];
  for (let at = 0; at < jobs.length; at += largestBatch) {
    const ids = jobs.slice(at, at + largestBatch).map((job) => job.id);
    const { items } = await ask('POST /api/v1/jobs/batch', { body: { action, ids } });
    for (const { problem } of items) if (problem) problems.push(problem.detail);
  }
  return problems;
}

/** The job as the server knows it now: an event may still be under way to the page, and a question about what would be
 * lost must not count by the page's older copy. */
const asOfNow = (job: Job): Promise<Job> =>
  ask('GET /api/v1/jobs/{job_id}', { path: { job_id: job.id } }).catch(() => job);

/** What would be lost, in words; null where nothing is. */
function consequences(action: Action, jobs: Job[]): string | null {
  const frames = jobs.reduce((sum, job) => sum + job.tasks.finished, 0);
  const left = jobs.reduce((sum, job) => sum + (job.tasks.total - job.tasks.finished), 0);
  if (action === 'delete') return text.actions.deleteLoses(count(jobs.length), count(frames), frames);
  if (action === 'cancel') return text.actions.cancelLoses(count(left), count(frames), frames);
  return null;
}

/** Asks first where something would be lost. Resolves to whether it was done to all of them. */
export async function act(action: Action, jobs: Job[]): Promise<boolean> {
  const able = jobs.filter((job) => fits(action, job));
  if (able.length === 0) return false;
  const names = able.length === 1 ? `“${able[0]?.name}”` : text.actions.jobs(count(able.length));
  const single = able.length === 1 ? able[0] : undefined;
  const loss = consequences(action, single ? [await asOfNow(single)] : able);
  if (loss && !(await confirmed(text.actions.question[action](names), loss, text.actions.name[action], true)))
    return false;
  let problems: string[];
  try {
    problems = await send(action, able);
  } catch (problem) {
    showToast(messageOf(problem), true);
    return false;
  }
  const done = able.length - problems.length;
  if (done > 0) showToast(text.actions.done[action](able.length === 1 ? names : text.actions.jobs(count(done))));
  if (problems.length > 0) showToast(text.actions.failed(count(problems.length), problems[0] as string), true);
  return problems.length === 0;
}

export const mayRequeue = (job: Job, task: Task): boolean =>
  job.state !== 'cancelled' && (task.state === 'finished' || task.state === 'failed');

/** Renders one frame again; asks first where an image would be replaced. */
export async function requeueTask(task: Task): Promise<void> {
  const t = text.actions;
  const agreed =
    task.state !== 'finished' || (await confirmed(t.frameQuestion(task.frame), t.frameLoses, text.viewer.again));
  if (!agreed) return;
  const path = { task_id: task.id };
  await tried(() => ask('POST /api/v1/tasks/{task_id}/requeue', { path }), t.frameDone(task.frame));
}

export async function approve(job: Job): Promise<void> {
  await tried(() => ask('POST /api/v1/jobs/{job_id}/approve', { path: { job_id: job.id } }), text.actions.approved(job.name));
}

export const mayRequeueAll = (job: Job): boolean => job.state !== 'cancelled' && job.tasks.finished > 0;

export async function requeueAll(job: Job): Promise<void> {
  const t = text.actions;
  const { finished } = (await asOfNow(job)).tasks;
  if (!(await confirmed(t.againQuestion(job.name), t.againLoses(count(finished), finished), t.again, true))) return;
  await tried(
    () => ask('POST /api/v1/jobs/{job_id}/requeue', { path: { job_id: job.id }, body: { frames: 'all' } }),
    t.againDone(job.name),
  );
}
