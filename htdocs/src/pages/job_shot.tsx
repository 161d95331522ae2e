// Which shot of its project a job is for, and moving it to another one.
import { useMemo, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { everyPage, useLive } from '../api/live';
import type { Job } from '../api/routes';
import { address } from '../base/address';
import { Fact, Loading, ErrorMessage } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form, Select } from '../parts/form';
import { showToast } from '../parts/toast';
import { text } from '../text';

/** Nothing, or SEQUENCE/SHOT. */
export const goodShot = (name: string): boolean => name.trim() === '' || /^[^/]+\/[^/]+$/.test(name.trim());

const byName = new Intl.Collator(undefined, { numeric: true });
const none = '';
const another = '/'; // no shot is called so

function Move({ job, project, close }: { job: Job; project: number; close: (changed: boolean) => void }) {
  const t = text.shots;
  const [chosen, setChosen] = useState(job.shot?.name ?? none);
  const [made, setMade] = useState('');
  const shots = useLive(
    `shots to move to ${project}`,
    (signal) =>
      everyPage((cursor) =>
        ask('GET /api/v1/projects/{project_id}/shots', {
          path: { project_id: project },
          query: { limit: 1000, ...(cursor ? { cursor } : {}) },
          signal,
        }),
      ),
    0,
  );
  const options = useMemo(() => {
    const names = new Set((shots.data ?? []).map((shot) => `${shot.sequence}/${shot.name}`));
    if (job.shot?.name) names.add(job.shot?.name);
    const sorted = [...names].sort(byName.compare).map((name) => [name, name] as const);
    return [[none, t.none] as const, ...sorted, [another, t.another] as const];
  }, [shots.data, job.shot?.name]);
  const wanted = chosen === another ? made.trim() : chosen;
  const numberOf = async (name: string): Promise<number | null> => {
    if (name === none) return null;
    const known = (shots.data ?? []).find((shot) => `${shot.sequence}/${shot.name}` === name);
    if (known) return known.id;
    const [sequence = '', shot = ''] = name.split('/');
    const body = { sequence, name: shot };
    return (await ask('POST /api/v1/projects/{project_id}/shots', { path: { project_id: project }, body })).id;
  };
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/jobs/{job_id}', { path: { job_id: job.id }, body: { shot_id: await numberOf(wanted) } });
    showToast(wanted ? t.moved(job.name, wanted) : t.movedOut(job.name));
    close(true);
  };
  return (
    <Dialog title={t.move} onClose={() => close(false)}>
      {shots.problem && !shots.data && <ErrorMessage problem={shots.problem} retry={shots.refresh} />}
      {!shots.data && !shots.problem && <Loading />}
      {shots.data && (
        <Form
          submit={t.moveShort}
          onSubmit={save}
          disabled={
            wanted === (job.shot?.name ?? none) || (chosen === another && (wanted === '' || !goodShot(wanted)))
          }
          beside={
            <button type="button" class="button" onClick={() => close(false)}>
              {text.no}
            </button>
          }
        >
          <Select label={t.inProject} value={chosen} options={options} onChange={setChosen} hint={t.moveHint} />
          {chosen === another && (
            <Field
              label={t.newName}
              value={made}
              onInput={setMade}
              hint={t.hint}
              problem={goodShot(made) ? null : t.problem}
              more={{ maxLength: 129, required: true, placeholder: 'SQ010/SH010' }}
            />
          )}
        </Form>
      )}
    </Dialog>
  );
}

/** Among a job's facts; jobs without a project have no shots to be in. */
export function ShotFact({ job, changed }: { job: Job; changed: () => void }) {
  const [moving, setMoving] = useState(false);
  if (job.project === null) return null;
  return (
    <Fact name={text.shots.shot}>
      {job.shot === null ? (
        <span class="soft">{text.shots.none}</span>
      ) : (
        <a href={address(['shots', job.shot.id])}>{job.shot.name}</a>
      )}{' '}
      <button type="button" class="button-link" aria-label={text.shots.move} onClick={() => setMoving(true)}>
        {text.shots.moveShort}
      </button>
      {moving && (
        <Move
          job={job}
          project={job.project.id}
          close={(moved) => {
            setMoving(false);
            if (moved) changed();
          }}
        />
      )}
    </Fact>
  );
}
