// Shots with what was told of jobs. What changes how a shot stands is asked for; frames that come are put in.
import { type Heard, type JobNews } from './events';
import type { Shot } from './routes';

/** Shots of one project, with what was told of a job. */
export function shotsWithNews(shots: Shot[], project: number, news: JobNews): Heard<Shot[]> {
  const at = shots.findIndex((shot) => shot.latest?.job === news.id || shot.picture?.job === news.id);
  const shot = shots[at];
  if (news.tasks !== undefined) return news.project === project || shot ? 'ask' : undefined; // somebody changed it
  if (news.created || news.deleted || news.state !== undefined) return 'ask';
  if (!shot || news.accepted === undefined) return undefined;
  const accepted = news.accepted;
  const next: Shot = { ...shot };
  if (shot.latest?.job === news.id) next.latest = { ...shot.latest, accepted };
  if (shot.picture?.job === news.id) next.picture = { ...shot.picture, accepted };
  const first = shot.latest?.job === news.id && shot.picture?.job !== news.id && accepted > 0;
  return { data: [...shots.slice(0, at), next, ...shots.slice(at + 1)], ask: first };
}
