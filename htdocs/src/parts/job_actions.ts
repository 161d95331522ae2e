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

function send(action: Action, id: number): Promise<unknown> {
  const path = { job_id: id };
  switch (action) {
    case 'pause':
      return ask('POST /api/v1/jobs/{job_id}/pause', { path });
    case 'resume':
      return ask('POST /api/v1/jobs/{job_id}/resume', { path });
    case 'cancel':
      return ask('POST /api/v1/jobs/{job_id}/cancel', { path });
    case 'requeue':
      return ask('POST /api/v1/jobs/{job_id}/requeue', { path, body: {} });
    case 'delete':
      return ask('DELETE /api/v1/jobs/{job_id}', { path });
  }
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
  let done = 0;
  const problems: string[] = [];
  const waiting = [...able];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      try {
        await send(action, job.id);
        done += 1;
      } catch (problem) {
        problems.push(messageOf(problem));
      }
    }
  };
  await Promise.all([work(), work(), work(), work()]);
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
