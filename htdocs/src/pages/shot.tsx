// One shot: what it looks like, in motion too, how it stands, and every job that was made for it.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { jobListHandlers } from '../api/job_list';
import { useLive, useInterest } from '../api/live';
import { latestThumbnail } from '../api/images';
import type { Job, Shot } from '../api/routes';
import { moderates, useUser } from '../api/session';
import { applyShotsUpdate } from '../api/shot_list';
import { address, go } from '../base/address';
import { count, percent } from '../base/format';
import { Again, Empty, Fact, Heading, Loading, Missing, ProgressBar, Switch, Time, useTitle } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { RenderedImage, ratioOf } from '../parts/rendered_image';
import { tried } from '../parts/toast';
import { text } from '../text';
import { JobImage } from './job_image';
import { ShotBadge, shotThumbnail, shotStates } from './project';

function Edit({ shot, close }: { shot: Shot; close: (changed: boolean) => void }) {
  const [given, setGiven] = useState({ sequence: shot.sequence, name: shot.name });
  const t = text.shots;
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/shots/{shot_id}', { path: { shot_id: shot.id }, body: given });
    close(true);
  };
  return (
    <Dialog title={t.edit} onClose={() => close(false)}>
      <Form submit={text.save} onSubmit={save} disabled={!given.sequence.trim() || !given.name.trim()}>
        <Field
          label={t.sequence}
          value={given.sequence}
          onInput={(sequence) => setGiven({ ...given, sequence })}
          more={{ required: true, maxLength: 64 }}
        />
        <Field
          label={t.shot}
          value={given.name}
          onInput={(name) => setGiven({ ...given, name })}
          more={{ required: true, maxLength: 64 }}
        />
      </Form>
    </Dialog>
  );
}

function JobLine({ job }: { job: Job }) {
  return (
    <a class="job-card" href={address(['jobs', job.id])}>
      <RenderedImage small src={job.tasks.finished > 0 ? latestThumbnail(job, 256) : null} alt="" ratio={ratioOf(job.output)} />
      <div class="job-card-words">
        <div class="between">
          <strong class="cut">{job.name}</strong>
          <span class="figure">{percent(job.progress)}</span>
        </div>
        <ProgressBar job={job} />
        <p class="soft cut">{text.job.line(job)}</p>
      </div>
    </a>
  );
}

export function ShotPage({ id }: { id: number }) {
  const t = text.shots;
  const path = { shot_id: id };
  useInterest(moderates(useUser()) ? { all: true } : null); // it may be somebody else's
  const live = useLive(
    `shot ${id}`,
    async (signal) => {
      const [shot, jobs] = await Promise.all([
        ask('GET /api/v1/shots/{shot_id}', { path, signal }),
        ask('GET /api/v1/shots/{shot_id}/jobs', { path, signal }),
      ]);
      return { shot, jobs: jobs.items };
    },
    3000,
    {
      'job.created': () => 'ask',
      'job.deleted': () => 'ask',
      'job.updated': (update, { shot, jobs }) => {
        const mine = jobs.some((job) => job.id === update.id);
        if (mine !== (update.shot === undefined ? mine : update.shot?.id === id)) return 'ask';
        if (!mine) return undefined;
        const now = jobListHandlers['job.updated'](update, jobs);
        const stands = applyShotsUpdate([shot], shot.project.id, update);
        if (now === undefined || now === 'ask') return now;
        const known = stands !== undefined && stands !== 'ask' ? stands.data[0] : undefined;
        const asks = now.ask === true || stands === 'ask' || (stands !== undefined && stands.ask === true);
        return { data: { shot: known ?? shot, jobs: now.data }, ask: asks };
      },
      'project.updated': (update, { shot }) => (update.id === shot.project.id ? 'ask' : undefined),
    },
  );
  const [editing, setEditing] = useState(false);
  const shot = live.data?.shot;
  useTitle(shot ? `${shot.sequence} / ${shot.name}` : t.shot);
  if (!live.data || !shot)
    return live.problem ? <Missing title={t.shot} problem={live.problem} retry={live.refresh} /> : <Loading />;

  const jobs = live.data.jobs;
  const shownJob = jobs.find((job) => job.id === shot.thumbnail?.job_id);
  const say = async (state: (typeof shotStates)[number] | 'auto'): Promise<void> => {
    await tried(() => ask('PATCH /api/v1/shots/{shot_id}', { path, body: { state: state === 'auto' ? null : state } }));
    live.refresh();
  };
  const remove = async (): Promise<void> => {
    if (!(await confirmed(t.deleteAsk(shot.name), t.deleteLoses(jobs.length), text.actions.name.delete, true))) return;
    if (await tried(() => ask('DELETE /api/v1/shots/{shot_id}', { path }))) go(address(['projects', shot.project.id]));
  };
  const watch = (more: Record<string, string | number>): void => {
    if (shownJob) go(address(['jobs', shownJob.id], more));
  };
  return (
    <>
      <p class="crumbs">
        <a href={address(['projects', shot.project.id])}>
          <Icon name="back" /> {shot.project.name}
        </a>
      </p>
      <Heading
        lead={<ShotBadge state={shot.state} />}
        actions={
          <>
            <a
              class="button button-main"
              href={address(['jobs', 'new'], { project: shot.project.id, shot: `${shot.sequence}/${shot.name}` })}
            >
              <Icon name="add" /> {text.jobs.create}
            </a>
            <button type="button" class="button" onClick={() => setEditing(true)}>
              <Icon name="edit" /> {text.job.editShort}
            </button>
            <button type="button" class="button button-danger" onClick={() => void remove()}>
              <Icon name="trash" /> {text.actions.name.delete}
            </button>
          </>
        }
      >
        {shot.sequence} / {shot.name}
      </Heading>
      <div class="job-top">
        {shownJob ? (
          <JobImage
            job={shownJob}
            last={0}
            show={() => watch({})}
            play={() => watch({})}
            label={t.openJob(shownJob.name)}
          />
        ) : (
          <RenderedImage src={shotThumbnail(shot, 1024)} alt="" ratio={ratioOf(shot.thumbnail?.output)} />
        )}
        <div class="job-facts">
          <div class="shot-state">
            <h2>{t.stands}</h2>
            <Switch
              label={t.stands}
              value={shot.state}
              onChange={(state) => void say(state)}
              options={shotStates.map((state) => [state, t.states[state]] as const)}
            />
            <p class="soft">{shot.state_is_manual ? t.said : t.byJobs}</p>
            {shot.state_is_manual && (
              <button type="button" class="button" onClick={() => void say('auto')}>
                {t.auto}
              </button>
            )}
          </div>
          <dl class="facts">
            <Fact name={text.jobs.title}>{count(shot.job_count)}</Fact>
            {shot.latest_job && (
              <Fact name={t.latest}>{text.job.framesDone(count(shot.latest_job.finished_count), count(shot.latest_job.task_count))}</Fact>
            )}
            <Fact name={t.since}>
              <Time at={shot.created_at} />
            </Fact>
          </dl>
        </div>
      </div>
      <Again problem={live.problem} />
      <section class="section" aria-label={text.jobs.title}>
        <h2>{text.jobs.title}</h2>
        {jobs.length === 0 ? (
          <Empty icon="jobs" title={t.noJobs}>
            <p class="soft">{t.noJobsBody(`${shot.sequence}/${shot.name}`)}</p>
          </Empty>
        ) : (
          <div class="job-cards shot-jobs">
            {jobs.map((job) => (
              <JobLine key={job.id} job={job} />
            ))}
          </div>
        )}
      </section>
      {editing && (
        <Edit
          shot={shot}
          close={(changed) => {
            setEditing(false);
            if (changed) live.refresh();
          }}
        />
      )}
    </>
  );
}
