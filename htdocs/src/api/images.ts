// URLs of images and videos, fetched with the login's cookie. Each URL contains the version of its content, so that the
// browser may cache it forever.
import type { Job, Task } from './routes';
import { url } from './client';

export type ThumbnailSize = 256 | 1024;

/** A thumbnail that every browser can show, whatever the frame's format. */
export function thumbnail(task: Task, size: ThumbnailSize, output = 0): string {
  return url(`/api/v1/tasks/${task.id}/thumbnail?size=${size}&version=${version(task, output)}${named(task, output)}`);
}

/** A file of the frame itself; the first is its image. */
export function original(task: Task, output = 0): string {
  return url(`/api/v1/tasks/${task.id}/image?version=${version(task, output)}${named(task, output)}`);
}

const named = (task: Task, output: number): string =>
  output === 0 ? '' : `&output=${encodeURIComponent(task.outputs[output]?.name ?? '')}`;

export const isVideo = (job: Job): boolean => job.output?.format === 'MP4' || job.output?.format === 'WEBM';

/** The video of a job that encodes one. */
export const videoOf = (job: Job): string => url(`/api/v1/jobs/${job.id}/image?version=${job.tasks.finished}`);

/** Of the latest frame of a job, if one is accepted; null for a video. */
export function latestThumbnail(job: Job, size: ThumbnailSize): string | null {
  if (isVideo(job)) return null;
  return url(`/api/v1/jobs/${job.id}/thumbnail?size=${size}&version=${job.tasks.finished}`);
}

const version = (task: Task, output: number): string => (task.outputs[output]?.sha256 ?? '').slice(0, 16);

/** Formats that browsers show without conversion. */
export const shownByBrowsers = (name: string | undefined): boolean => /\.(png|jpe?g|webp|avif|bmp)$/i.test(name ?? '');
