// Finished frames to take home: all in one ZIP, made here as they arrive, or by the command line for very many.
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf, send } from '../api/client';
import { original } from '../api/pictures';
import type { Job, Task } from '../api/routes';
import { count, size } from '../base/format';
import { largestZip, mostZipFiles, ZipWriter } from '../base/zip';
import { Bar, CopyLine } from '../parts/basics';
import { Icon } from '../parts/icons';
import { tell } from '../parts/toast';
import { text } from '../text';

export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** A name that every file system takes. */
export function fileName(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N} ._-]+/gu, '_')
      .replace(/^[. ]+/, '')
      .slice(0, 100) || 'frames'
  );
}

export function Downloads({ job, tasks }: { job: Job; tasks: Task[] }) {
  const done = tasks.filter((task) => task.state === 'accepted' && task.output !== null);
  const bytes = done.reduce((sum, task) => sum + (task.size ?? 0), 0);
  const [at, setAt] = useState<number | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const tooLarge = bytes > largestZip * 0.95 || done.length > mostZipFiles;

  const download = async (): Promise<void> => {
    const ending = new AbortController();
    stop.current = ending;
    const zip = new ZipWriter();
    setAt(0);
    try {
      for (const [index, task] of done.entries()) {
        const reply = await send(original(job.id, task), { signal: ending.signal });
        if (!reply.ok) throw new Error(text.downloads.failed(task.frame));
        zip.add(task.output as string, await reply.arrayBuffer());
        setAt(index + 1);
      }
      save(zip.finish(), `${fileName(job.name)}.zip`);
    } catch (problem) {
      if (!ending.signal.aborted) tell(messageOf(problem), true);
    } finally {
      setAt(null);
    }
  };

  return (
    <section class="section" aria-label={text.downloads.title}>
      <div class="section-head">
        <h2>{text.downloads.title}</h2>
      </div>
      <div class="card downloads">
        <div>
          <p>{text.downloads.all(count(done.length), size(bytes))}</p>
          {tooLarge ? (
            <p class="soft">{text.downloads.tooLarge}</p>
          ) : at === null ? (
            <button
              type="button"
              class="button button-main"
              onClick={() => void download()}
              disabled={done.length === 0}
            >
              <Icon name="download" /> {text.downloads.zip}
            </button>
          ) : (
            <div class="row">
              <Bar value={at / Math.max(1, done.length)} label={text.downloads.progress} />
              <span class="figure">
                {count(at)} / {count(done.length)}
              </span>
              <button type="button" class="button" onClick={() => stop.current?.abort()}>
                {text.stop}
              </button>
            </div>
          )}
        </div>
        <div>
          <p class="soft">{text.downloads.cli}</p>
          <CopyLine
            label={text.downloads.command}
            value={`distren download ${job.id} ./${fileName(job.name).replace(/ /g, '_')}`}
          />
        </div>
      </div>
    </section>
  );
}
