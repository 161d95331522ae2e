// Shots with updates of jobs applied. What changes a shot's state is requested; new frames are applied.
import type { Applied, JobUpdate } from './events';
import type { Shot } from './routes';

/** Shots of one project, with an update of a job applied. */
export function applyShotsUpdate(shots: Shot[], project: number, update: JobUpdate): Applied<Shot[]> {
  const at = shots.findIndex((shot) => shot.latest_job?.id === update.id || shot.thumbnail?.job_id === update.id);
  const shot = shots[at];
  if (update.name !== undefined) return update.project?.id === project || shot ? 'ask' : undefined; // a user changed it
  if (update.state !== undefined) return 'ask';
  if (!shot || update.tasks?.finished === undefined) return undefined;
  const { finished } = update.tasks;
  const next: Shot = { ...shot };
  if (shot.latest_job?.id === update.id) next.latest_job = { ...shot.latest_job, finished_count: finished };
  if (shot.thumbnail?.job_id === update.id) next.thumbnail = { ...shot.thumbnail, finished_count: finished };
  const first = shot.latest_job?.id === update.id && shot.thumbnail?.job_id !== update.id && finished > 0;
  return { data: [...shots.slice(0, at), next, ...shots.slice(at + 1)], ask: first };
}
