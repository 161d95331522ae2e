// Finished frames to take home: all in one ZIP, which the server makes while it sends it, or by the command line.
import { useState } from 'preact/hooks';
import { ask, url } from '../api/client';
import type { Job, Task } from '../api/routes';
import { count, size } from '../base/format';
import { CopyLine } from '../parts/basics';
import { Icon } from '../parts/icons';
import { tried } from '../parts/toast';
import { text } from '../text';

/** Hands an address to the browser's downloads. */
function download(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}

export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  download(address, name);
  window.setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/** A folder's name that every file system and shell takes. */
export function fileName(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N}._-]+/gu, '_')
      .replace(/^[._-]+/, '')
      .slice(0, 100) || 'frames'
  );
}

export function Downloads({ job, tasks }: { job: Job; tasks: Task[] }) {
  const done = tasks.flatMap((task) => task.outputs);
  const bytes = done.reduce((sum, output) => sum + output.size_bytes, 0);
  const [busy, setBusy] = useState(false);

  const fetchAll = async (): Promise<void> => {
    setBusy(true);
    await tried(async () => {
      const zip = await ask('GET /api/v1/jobs/{job_id}/archive', { path: { job_id: job.id } });
      download(url(zip.url), zip.name);
    });
    setBusy(false);
  };

  return (
    <section class="section" aria-label={text.downloads.title}>
      <div class="section-head">
        <h2>{text.downloads.title}</h2>
      </div>
      <div class="card downloads">
        <div>
          <p>{text.downloads.all(count(job.tasks.finished), size(bytes))}</p>
          <button
            type="button"
            class="button button-main"
            onClick={() => void fetchAll()}
            disabled={done.length === 0 || busy}
          >
            <Icon name="download" /> {text.downloads.zip}
          </button>
        </div>
        <div>
          <p class="soft">{text.downloads.cli}</p>
          <CopyLine label={text.downloads.command} value={`distren download ${job.id} ./${fileName(job.name)}`} />
        </div>
      </div>
    </section>
  );
}
