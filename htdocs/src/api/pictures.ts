// Where the pictures are. They are fetched with the login's cookie; what they are made of stands in the address, so that
// the browser may keep them for as long as it likes.
import type { Job, Task } from './routes';
import { url } from './client';

export type PictureSize = 256 | 1024;

/** A smaller picture that every browser can show, whatever the frame's format. */
export function thumbnail(job: number, task: Task, size: PictureSize): string {
  return url(`/api/v1/jobs/${job}/tasks/${task.id}/picture?size=${size}&v=${version(task)}`);
}

/** The frame itself. */
export function original(job: number, task: Task): string {
  return url(`/api/v1/jobs/${job}/tasks/${task.id}/picture?v=${version(task)}`);
}

/** The latest frame of a job; only where one is accepted. */
export const isVideo = (job: Job): boolean => job.output?.format === 'MP4' || job.output?.format === 'WEBM';

/** The video of a job that makes one. */
export const videoOf = (job: Job): string => url(`/api/v1/jobs/${job.id}/picture?v=${job.accepted}`);

export function latestPicture(job: Job, size: PictureSize): string | null {
  if (isVideo(job)) return null;
  return url(`/api/v1/jobs/${job.id}/picture?size=${size}&v=${job.accepted}`);
}

const version = (task: Task): string => (task.sha256 ?? '').slice(0, 16);

/** Formats that browsers show as they are. */
export const shownByBrowsers = (name: string | null): boolean => /\.(png|jpe?g|webp|bmp)$/i.test(name ?? '');
