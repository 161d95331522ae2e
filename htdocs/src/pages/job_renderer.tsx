// What renders a job, and having another version render it, which renders all its frames again.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import type { Job } from '../api/routes';
import { Fact } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { rendererName } from '../parts/renderer';
import { showToast } from '../parts/toast';
import { text } from '../text';

const goodVersion = (version: string): boolean => /^[0-9]+([.][0-9]+){0,3}$/.test(version.trim());

function Change({ job, close }: { job: Job; close: (changed: boolean) => void }) {
  const t = text.job;
  const [version, setVersion] = useState(job.renderer.wanted_version ?? '');
  const done = job.tasks.finished;
  const save = async (): Promise<void> => {
    const body = { renderer: { version: version.trim() } };
    const changed = await ask('PATCH /api/v1/jobs/{job_id}', { path: { job_id: job.id }, body });
    showToast(t.rendererChanged(rendererName(changed.renderer)));
    close(true);
  };
  return (
    <Dialog title={t.changeRenderer} onClose={() => close(false)}>
      {done > 0 && <p>{t.rendersAgain(done)}</p>}
      <Form
        submit={done > 0 ? t.renderAgain : text.save}
        onSubmit={save}
        disabled={!goodVersion(version)}
        beside={
          <button type="button" class="button" onClick={() => close(false)}>
            {text.no}
          </button>
        }
      >
        <Field label={t.rendererVersion} value={version} onInput={setVersion} hint={t.rendererVersionHint} />
      </Form>
    </Dialog>
  );
}

export function RendererFact({ job, changed }: { job: Job; changed: () => void }) {
  const t = text.job;
  const [open, setOpen] = useState(false);
  return (
    <Fact name={t.renderer}>
      {job.renderer.version ? rendererName(job.renderer) : t.rendererLater}{' '}
      {job.state !== 'cancelled' && (
        <button type="button" class="button-link" aria-label={t.changeRenderer} onClick={() => setOpen(true)}>
          {t.change}
        </button>
      )}
      {open && (
        <Change
          job={job}
          close={(isChanged) => {
            setOpen(false);
            if (isChanged) changed();
          }}
        />
      )}
    </Fact>
  );
}
