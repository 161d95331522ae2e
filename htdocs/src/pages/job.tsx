// One job: its latest image, its progress and why it waits, what can be done, and every frame of it.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { act, type Action, approve, fits, mayRequeueAll, requeueAll } from '../parts/job_actions';
import { applyUpdate, atWork } from '../api/events';
import { useLive, useInterest } from '../api/live';
import { isVideo } from '../api/images';
import type { Job, Task } from '../api/routes';
import { useTaskList } from '../api/task_list';
import { useUser } from '../api/session';
import { address, go, setQuery, useAddress } from '../base/address';
import { count, decimal, duration, percent, points } from '../base/format';
import { Again, Fact, Heading, Loading, Missing, ProgressBar, StateBadge, Time, ErrorMessage, useTitle, userName } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { Icon, type IconName } from '../parts/icons';
import { tried } from '../parts/toast';
import { text } from '../text';
import { Viewer } from '../viewer/viewer';
import { Boost } from './job_boost';
import { Downloads } from './job_downloads';
import { Frames } from './job_frames';
import { JobImage } from './job_image';
import { RendererFact } from './job_renderer';
import { ShotFact } from './job_shot';

const buttons: readonly (readonly [Action, IconName])[] = [
  ['pause', 'pause'],
  ['resume', 'play'],
  ['requeue', 'requeue'],
  ['cancel', 'cancel'],
  ['delete', 'trash'],
];

/** How long the rest takes, from how long frames took and how many are in work at a time; null: nobody can say yet. */
export function timeLeft(job: Job, tasks: Task[]): number | null {
  const done = tasks.filter((task) => task.state === 'finished' && task.wall_ms !== null);
  if (job.state !== 'active' || atWork(job) === 0 || done.length === 0) return null;
  const mean = done.reduce((sum, task) => sum + (task.wall_ms ?? 0), 0) / done.length;
  return (mean * (job.tasks.total - job.tasks.failed) * (1 - job.progress)) / atWork(job);
}

function Edit({ job, close }: { job: Job; close: (changed: boolean) => void }) {
  const [name, setName] = useState(job.name);
  const [priority, setPriority] = useState(String(job.priority));
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/jobs/{job_id}', { path: { job_id: job.id }, body: { name, priority: Number(priority) } });
    close(true);
  };
  return (
    <Dialog title={text.job.edit} onClose={() => close(false)}>
      <Form
        submit={text.save}
        onSubmit={save}
        beside={
          <button type="button" class="button" onClick={() => close(false)}>
            {text.no}
          </button>
        }
      >
        <Field label={text.newJob.name} value={name} onInput={setName} more={{ required: true, maxLength: 200 }} />
        <Field
          label={text.newJob.priority}
          value={priority}
          onInput={setPriority}
          type="number"
          hint={text.newJob.priorityHint}
          more={{ min: 1, max: 100, required: true }}
        />
      </Form>
    </Dialog>
  );
}

function Facts({ job, tasks, changed }: { job: Job; tasks: Task[]; changed: () => void }) {
  const left =
    job.estimated_finish_at && job.state === 'active'
      ? Date.parse(job.estimated_finish_at) - Date.now()
      : timeLeft(job, tasks);
  const spent = tasks.reduce((sum, task) => sum + (task.state === 'finished' ? task.wall_ms ?? 0 : 0), 0);
  const output = job.output;
  const given = job.parameters ?? {};
  return (
    <dl class="facts">
      <Fact name={text.job.frames}>
        {text.job.framesDone(count(job.tasks.finished), count(job.tasks.total))}
        {job.tiles_per_frame > 1 && <span class="soft"> · {text.job.inTiles(count(job.tiles_per_frame))}</span>}
        {atWork(job) > 0 && <span class="soft"> · {text.job.inWork(count(atWork(job)))}</span>}
        {job.tasks.failed > 0 && <span class="bad"> · {text.job.failedFrames(count(job.tasks.failed))}</span>}
      </Fact>
      {left !== null && left > 0 && <Fact name={text.job.left}>{text.job.about(duration(left))}</Fact>}
      {job.tasks.finished > 0 && spent > 0 && (
        <Fact name={text.job.perFrame}>{duration(spent / job.tasks.finished)}</Fact>
      )}
      {spent > 0 && <Fact name={text.job.spent}>{duration(spent)}</Fact>}
      <Fact name={text.job.image}>
        {output?.width ? `${output.width} × ${output.height}, ` : ''}
        {output?.format ?? text.job.unknown}
      </Fact>
      {job.made_from_job_id !== null && (
        <Fact name={text.job.after}>
          <a href={address(['jobs', job.made_from_job_id])}>{text.job.afterJob(job.made_from_job_id)}</a>
        </Fact>
      )}
      {job.submission_id !== job.id && job.submission_id !== job.made_from_job_id && (
        <Fact name={text.job.together}>
          <a href={address(['jobs', job.submission_id])}>{text.job.job(job.submission_id)}</a>
        </Fact>
      )}
      <ShotFact job={job} changed={changed} />
      <Fact name={text.job.source}>
        <span class="break">{job.main_file}</span>
      </Fact>
      {given.scene && <Fact name={text.newJob.scene}>{given.scene}</Fact>}
      {given.camera && <Fact name={text.newJob.camera}>{given.camera}</Fact>}
      {given.engine && <Fact name={text.newJob.engine}>{text.engines[given.engine] ?? given.engine}</Fact>}
      {given.samples && <Fact name={text.newJob.samples}>{count(given.samples)}</Fact>}
      {given.percentage && <Fact name={text.newJob.percentage}>{given.percentage} %</Fact>}
      <RendererFact job={job} changed={changed} />
      <Fact name={text.newJob.priority}>{job.priority}</Fact>
      {job.queue_position !== null && job.state === 'active' && (
        <Fact name={text.boost.position}>{count(job.queue_position)}</Fact>
      )}
      {job.escrow_millipoints > 0 && (
        <Fact name={text.boost.button}>
          {text.boost.running(decimal(1 + job.boost_factor), points(job.escrow_millipoints))}
        </Fact>
      )}
      <Fact name={text.job.created}>
        <Time at={job.created_at} /> {text.job.by(userName(job.owner))}
      </Fact>
      {job.finished_at && (
        <Fact name={text.job.ended}>
          <Time at={job.finished_at} />
        </Fact>
      )}
    </dl>
  );
}

function Notes({ job }: { job: Job }) {
  // In a queue the rule that decides changes with what others do: asked again every now and then.
  const why = useLive(
    job.state === 'active' ? `why ${job.id}` : null,
    (signal) => ask('GET /api/v1/jobs/{job_id}/explain', { path: { job_id: job.id }, signal }),
    10000,
    { 'job.updated': (update) => (update.id === job.id && (update.state || (update.tasks?.rendering === 0 && !update.tasks.assigned && !update.tasks.checking)) ? 'ask' : undefined) },
  );
  const waits = job.wait_reason ?? (atWork(job) === 0 ? why.data?.message : null);
  const { findings, warnings } = job;
  return (
    <>
      {job.state_reason && (
        <div class={job.state === 'failed' ? 'notice notice-bad' : 'notice'}>
          <Icon name="warning" />
          <p>{text.job.because(job)}</p>
        </div>
      )}
      {job.approval && (
        <div class="notice">
          <Icon name="check" />
          <p>{text.job.approval[job.approval]}</p>
          <button type="button" class="button button-main" onClick={() => void approve(job)}>
            {text.actions.approve}
          </button>
        </div>
      )}
      {waits && job.approval !== 'waiting' && (
        <div class="notice">
          <Icon name="pause" />
          <p>{text.job.waits(waits)}</p>
        </div>
      )}
      {findings.length > 0 && (
        <details class="notice notice-warn" open={findings.length < 3}>
          <summary>
            <Icon name="warning" /> {text.job.warnings(findings.length)}
          </summary>
          <ul>
            {findings.map((each) => (
              <li key={each.message}>{each.message}</li>
            ))}
          </ul>
        </details>
      )}
      {warnings.length > 0 && (
        <details class="notice notice-warn" open={warnings.length < 3}>
          <summary>
            <Icon name="warning" /> {text.job.renderWarnings(warnings.length)}
          </summary>
          <ul>
            {warnings.map((each) => (
              <li key={`${each.code ?? ''} ${each.message}`}>{text.job.renderWarning(each, job.tiles_per_frame > 1)}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

export function JobPage({ id }: { id: number }) {
  useInterest({ job: id });
  const live = useLive(`job ${id}`, (signal) => ask('GET /api/v1/jobs/{job_id}', { path: { job_id: id }, signal }), 1500, {
    'job.updated': (update, job) => (update.id === id ? applyUpdate(job, update) : undefined),
    'job.deleted': (gone) => (gone.id === id ? 'ask' : undefined),
  });
  const job = live.data;
  const list = useTaskList(job);
  const tasks = list.data ?? [];
  const user = useUser();
  const { query } = useAddress();
  const [editing, setEditing] = useState(false);
  const [boosting, setBoosting] = useState(query['boost'] !== undefined);
  useTitle(job ? `${percent(job.progress)} ${job.name}` : text.job.title(id));
  if (!job)
    return live.problem ? (
      <Missing title={text.job.title(id)} problem={live.problem} retry={live.refresh} />
    ) : (
      <Loading />
    );

  const refresh = (): void => {
    live.refresh();
    list.refresh();
  };
  const run = async (action: Action): Promise<void> => {
    const done = await act(action, [job]);
    if (done && action === 'delete') go(address(['jobs']));
    else refresh();
  };
  const seen = Number(query['frame'] ?? NaN);
  const frame = tasks.some((task) => task.frame === seen) ? seen : null;
  const last = [...tasks].reverse().find((task) => task.state === 'finished');
  const show = (next: number | null): void => setQuery({ frame: next });

  return (
    <>
      <p class="crumbs">
        <a href="#/jobs">
          <Icon name="back" /> {text.jobs.title}
        </a>
      </p>
      <Heading
        lead={
          <>
            <StateBadge state={job.state} /> <span class="figure">{percent(job.progress)}</span>
          </>
        }
        actions={
          <>
            {buttons.map(
              ([action, icon]) =>
                fits(action, job) && (
                  <button
                    key={action}
                    type="button"
                    class={action === 'delete' ? 'button button-danger' : 'button'}
                    onClick={() => void run(action)}
                  >
                    <Icon name={icon} /> {text.actions.name[action]}
                  </button>
                ),
            )}
            {mayRequeueAll(job) && !isVideo(job) && (
              <button type="button" class="button" onClick={() => void requeueAll(job).then(refresh)}>
                <Icon name="requeue" /> {text.actions.again}
              </button>
            )}
            {(job.state === 'active' || job.state === 'paused') && job.owner.id === user.id && (
              <button type="button" class="button" onClick={() => setBoosting(true)}>
                <Icon name="points" /> {text.boost.button}
              </button>
            )}
            <a class="button" href={address(['jobs', 'new'], { from: job.id })}>
              <Icon name="copy" /> {text.job.duplicate}
            </a>
            <button type="button" class="button" onClick={() => setEditing(true)}>
              <Icon name="edit" /> {text.job.editShort}
            </button>
          </>
        }
      >
        {job.name}
      </Heading>
      <ProgressBar job={job} />
      <div class="job-top">
        <JobImage
          job={job}
          last={last?.frame ?? null}
          show={show}
          play={() => setQuery({ frame: tasks.find((task) => task.state === 'finished')?.frame ?? null, play: 1 })}
        />
        <div class="job-facts">
          <Notes job={job} />
          <Facts job={job} tasks={tasks} changed={refresh} />
        </div>
      </div>
      <Again problem={live.problem} />
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!isVideo(job) && <Frames job={job} tasks={tasks} loading={!list.data} show={show} />}
      {job.tasks.finished > 0 && <Downloads job={job} tasks={tasks} />}
      {frame !== null && <Viewer job={job} tasks={tasks} frame={frame} show={show} />}
      {boosting && (
        <Boost
          job={job}
          close={(changed) => {
            setBoosting(false);
            setQuery({ boost: null });
            if (changed) refresh();
          }}
        />
      )}
      {editing && (
        <Edit
          job={job}
          close={(changed) => {
            setEditing(false);
            if (changed) void tried(async () => refresh(), text.saved);
          }}
        />
      )}
    </>
  );
}
