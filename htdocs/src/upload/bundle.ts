// Uploads the files of a job: digests first, then only what the server lacks, a few at a time, the scene first.
import { ask } from '../api/client';
import type { Chosen } from './chosen';
import { digestOf } from './digests';
import { upload } from './tus';

export interface JobFile {
  path: string;
  sha256: string;
  size_bytes: number;
}

export interface Progress {
  phase: 'reading' | 'sending' | 'there';
  done: number; // bytes of this phase
  total: number;
  files: JobFile[]; // complete when there
  sceneThere: boolean;
}

const askedAtOnce = 5000;
const sentAtOnce = 3;

/** Limits how often progress is reported, as there may be a hundred thousand files. */
function throttled(report: (progress: Progress) => void): (progress: Progress) => void {
  let reportedAt = 0;
  let before = '';
  return (progress) => {
    const stage = `${progress.phase} ${progress.sceneThere}`;
    if (stage === before && performance.now() - reportedAt < 100) return;
    reportedAt = performance.now();
    before = stage;
    report(progress);
  };
}

async function missingOf(digests: string[]): Promise<Set<string>> {
  const missing = new Set<string>();
  for (let i = 0; i < digests.length; i += askedAtOnce) {
    const answer = await ask('POST /api/v1/blobs/find-missing', { body: { sha256: digests.slice(i, i + askedAtOnce) } });
    for (const digest of answer.missing) missing.add(digest);
  }
  return missing;
}

/** onProgress() is called up to ten times a second, at last with phase 'there'. Fails with a message for the user. */
export async function bring(
  chosen: Chosen[],
  scene: string,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<JobFile[]> {
  const report = throttled(onProgress);
  const ordered = [...chosen].sort((left, right) => Number(right.path === scene) - Number(left.path === scene));
  const total = ordered.reduce((sum, { file }) => sum + file.size, 0);
  const files: JobFile[] = [];
  const byDigest = new Map<string, File>();
  let read = 0;
  for (const { path, file } of ordered) {
    const before = read;
    const sha256 = await digestOf(file, (bytes) =>
      report({ phase: 'reading', done: before + bytes, total, files, sceneThere: false }),
    );
    if (signal.aborted) throw new DOMException('stopped', 'AbortError');
    read += file.size;
    files.push({ path, sha256, size_bytes: file.size });
    byDigest.set(sha256, file);
  }

  const missing = await missingOf([...byDigest.keys()]);
  const queue = [...byDigest].filter(([sha256]) => missing.has(sha256));
  const toSend = queue.reduce((sum, [, file]) => sum + file.size, 0);
  const sent = new Map<string, number>();
  const sceneDigest = files.find((file) => file.path === scene)?.sha256 ?? '';
  let sceneThere = !missing.has(sceneDigest);
  let done = 0; // the sum of sent, kept: there may be a hundred thousand
  const reportSent = (): void => report({ phase: 'sending', done, total: toSend, files, sceneThere });
  const note = (sha256: string, bytes: number): void => {
    done += bytes - (sent.get(sha256) ?? 0);
    sent.set(sha256, bytes);
  };
  reportSent();
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [sha256, file] = next;
      await upload(
        file,
        sha256,
        (bytes) => {
          note(sha256, bytes);
          reportSent();
        },
        signal,
      );
      note(sha256, file.size);
      if (sha256 === sceneDigest) sceneThere = true;
      reportSent();
    }
  };
  await Promise.all(Array.from({ length: sentAtOnce }, work));
  report({ phase: 'there', done: toSend, total: toSend, files, sceneThere: true });
  return files;
}
