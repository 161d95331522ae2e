// What can be done to jobs, alone or many at once, and which of it fits a job's state.
import { ask, messageOf } from './client';
import type { Job, JobState } from './routes';
import { text } from '../text';
import { confirmed } from '../parts/dialog';
import { tell } from '../parts/toast';
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
  return fitting[action].includes(job.state) && (action !== 'requeue' || job.failed > 0);
}

function send(action: Action, id: number): Promise<unknown> {
  const path = { id };
  switch (action) {
    case 'pause':
      return ask('POST /api/v1/jobs/{id}/pause', { path });
    case 'resume':
      return ask('POST /api/v1/jobs/{id}/resume', { path });
    case 'cancel':
      return ask('POST /api/v1/jobs/{id}/cancel', { path });
    case 'requeue':
      return ask('POST /api/v1/jobs/{id}/requeue', { path });
    case 'delete':
      return ask('DELETE /api/v1/jobs/{id}', { path });
  }
}

/** What would go, in words; null where nothing does. */
function whatGoes(action: Action, jobs: Job[]): string | null {
  const frames = jobs.reduce((sum, job) => sum + job.accepted, 0);
  const left = jobs.reduce((sum, job) => sum + (job.tasks - job.accepted), 0);
  if (action === 'delete') return text.actions.deleteLoses(count(jobs.length), count(frames), frames);
  if (action === 'cancel') return text.actions.cancelLoses(count(left), count(frames), frames);
  return null;
}

/** Asks first where something would be lost. Resolves to whether it was done to all of them. */
export async function act(action: Action, jobs: Job[]): Promise<boolean> {
  const able = jobs.filter((job) => fits(action, job));
  if (able.length === 0) return false;
  const names = able.length === 1 ? `“${able[0]?.name}”` : text.actions.jobs(count(able.length));
  const loss = whatGoes(action, able);
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
  if (done > 0) tell(text.actions.done[action](able.length === 1 ? names : text.actions.jobs(count(done))));
  if (problems.length > 0) tell(text.actions.failed(count(problems.length), problems[0] as string), true);
  return problems.length === 0;
}
