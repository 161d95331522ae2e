// Shots with updates of jobs applied. What changes a shot's state is requested; new frames are applied.
import { type Applied, isWhole, type JobUpdate } from './events';
import type { Shot } from './routes';

/** Shots of one project, with an update of a job applied. */
export function applyShotsUpdate(shots: Shot[], project: number, update: JobUpdate): Applied<Shot[]> {
  const at = shots.findIndex((shot) => shot.latest?.job === update.id || shot.picture?.job === update.id);
  const shot = shots[at];
  if (isWhole(update)) return update.project?.id === project || shot ? 'ask' : undefined; // a user changed it
  if (update.created || update.deleted || update.state !== undefined) return 'ask';
  if (!shot || update.tasks?.finished === undefined) return undefined;
  const accepted = update.tasks.finished;
  const next: Shot = { ...shot };
  if (shot.latest?.job === update.id) next.latest = { ...shot.latest, accepted };
  if (shot.picture?.job === update.id) next.picture = { ...shot.picture, accepted };
  const first = shot.latest?.job === update.id && shot.picture?.job !== update.id && accepted > 0;
  return { data: [...shots.slice(0, at), next, ...shots.slice(at + 1)], ask: first };
}
