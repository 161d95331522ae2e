// A project as its producer sees it: sequences with their shots, each with its latest frame and how it stands.
import { useMemo, useState } from 'preact/hooks';
import { ask, url } from '../api/client';
import { everyPage, useLive, useInterest } from '../api/live';
import type { Project, Shot } from '../api/routes';
import { moderates, useUser } from '../api/session';
import { applyShotsUpdate } from '../api/shot_list';
import { address, go, setQuery, useAddress } from '../base/address';
import { count } from '../base/format';
import { Empty, Heading, Loading, Missing, ErrorMessage, useTitle } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { RenderedImage, ratioOf } from '../parts/rendered_image';
import { tried } from '../parts/toast';
import { text } from '../text';

export const shotStates = ['waiting', 'work', 'review', 'done'] as const;

const byName = new Intl.Collator(undefined, { numeric: true });

export function ShotBadge({ state }: { state: Shot['state'] }) {
  return <span class={`badge shot-${state}`}>{text.shots.states[state]}</span>;
}

export function shotThumbnail(shot: Shot, size: 256 | 1024): string | null {
  const from = shot.thumbnail;
  return from && url(`/api/v1/jobs/${from.job_id}/thumbnail?size=${size}&version=${from.finished_count}`);
}

function ShotCard({ shot }: { shot: Shot }) {
  const latest = shot.latest_job;
  return (
    <a class="shot card" href={address(['shots', shot.id])}>
      <RenderedImage small src={shotThumbnail(shot, 256)} alt="" ratio={ratioOf(shot.thumbnail?.output)} />
      <span class="between">
        <strong class="cut">{shot.name}</strong>
        <ShotBadge state={shot.state} />
      </span>
      <span class="soft small cut">
        {latest && shot.state === 'work'
          ? text.shots.frames(count(latest.finished_count), count(latest.task_count))
          : text.projects.jobs(shot.job_count)}
      </span>
    </a>
  );
}

function NewShot({ project, sequence, close }: { project: number; sequence: string; close: () => void }) {
  const [given, setGiven] = useState({ sequence, name: '' });
  const t = text.shots;
  const create = async (): Promise<void> => {
    const body = { sequence: given.sequence.trim(), name: given.name.trim() };
    const shot = await ask('POST /api/v1/projects/{project_id}/shots', { path: { project_id: project }, body });
    close();
    go(address(['shots', shot.id]));
  };
  return (
    <Dialog title={t.create} onClose={close}>
      <Form submit={t.make} onSubmit={create} disabled={!given.sequence.trim() || !given.name.trim()}>
        <Field
          label={t.sequence}
          value={given.sequence}
          onInput={(value) => setGiven({ ...given, sequence: value })}
          more={{ required: true, maxLength: 64, placeholder: 'SQ010' }}
        />
        <Field
          label={t.shot}
          value={given.name}
          onInput={(value) => setGiven({ ...given, name: value })}
          more={{ required: true, maxLength: 64, placeholder: 'SH010' }}
        />
      </Form>
    </Dialog>
  );
}

function Rename({ project, close }: { project: Project; close: (changed: boolean) => void }) {
  const [name, setName] = useState(project.name);
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/projects/{project_id}', { path: { project_id: project.id }, body: { name: name.trim() } });
    close(true);
  };
  return (
    <Dialog title={text.projects.rename} onClose={() => close(false)}>
      <Form submit={text.save} onSubmit={save} disabled={name.trim() === '' || name.trim() === project.name}>
        <Field label={text.projects.name} value={name} onInput={setName} more={{ required: true, maxLength: 200 }} />
      </Form>
    </Dialog>
  );
}

export function ProjectPage({ id }: { id: number }) {
  const t = text.shots;
  useInterest(moderates(useUser()) ? { all: true } : null); // it may be somebody else's
  const project = useLive(`project ${id}`, () => ask('GET /api/v1/projects/{project_id}', { path: { project_id: id } }), 0);
  const list = useLive(
    `shots ${id}`,
    (signal) =>
      everyPage((cursor) =>
        ask('GET /api/v1/projects/{project_id}/shots', {
          path: { project_id: id },
          query: { limit: 1000, ...(cursor ? { cursor } : {}) },
          signal,
        }),
      ),
    5000,
    {
      'job.created': () => 'ask',
      'job.updated': (update, shots) => applyShotsUpdate(shots, id, update),
      'job.deleted': () => 'ask',
      'project.updated': (update) => (update.id === id ? 'ask' : undefined),
    },
  );
  const { query } = useAddress();
  const [adding, setAdding] = useState<string | null>(null);
  const [renaming, setRenaming] = useState(false);
  useTitle(project.data?.name ?? text.projects.title);
  const shots = list.data ?? [];
  const wanted = query['state'];
  const sequences = useMemo(() => {
    const found = new Map<string, Shot[]>();
    for (const shot of shots) {
      if (wanted && shot.state !== wanted) continue;
      found.set(shot.sequence, [...(found.get(shot.sequence) ?? []), shot]);
    }
    for (const each of found.values()) each.sort((a, b) => byName.compare(a.name, b.name));
    return [...found].sort(([a], [b]) => byName.compare(a, b));
  }, [shots, wanted]);
  if (!project.data)
    return project.problem ? (
      <Missing title={text.projects.title} problem={project.problem} retry={project.refresh} />
    ) : (
      <Loading />
    );

  const { name } = project.data;
  const remove = async (): Promise<void> => {
    const sure = text.projects.deleteAsk(name);
    if (!(await confirmed(sure, text.projects.deleteLoses(shots.length), text.actions.name.delete, true))) return;
    if (await tried(() => ask('DELETE /api/v1/projects/{project_id}', { path: { project_id: id } }))) go('#/projects');
  };
  return (
    <>
      {renaming && (
        <Rename
          project={project.data}
          close={(changed) => {
            setRenaming(false);
            if (changed) project.refresh();
          }}
        />
      )}
      <p class="crumbs">
        <a href="#/projects">
          <Icon name="back" /> {text.projects.title}
        </a>
      </p>
      <Heading
        lead={shots.length > 0 ? t.total(shots.length, sequences.length) : undefined}
        actions={
          <>
            <a class="button" href={address(['jobs'], { project: id })}>
              <Icon name="jobs" /> {text.projects.jobs(project.data.job_count)}
            </a>
            <a class="button" href={address(['jobs', 'new'], { project: id })}>
              <Icon name="add" /> {text.jobs.create}
            </a>
            <button type="button" class="button" onClick={() => setRenaming(true)}>
              {text.projects.rename}
            </button>
            {project.data.job_count === 0 && (
              <button type="button" class="button button-danger" onClick={() => void remove()}>
                <Icon name="trash" /> {text.actions.name.delete}
              </button>
            )}
            <button type="button" class="button button-main" onClick={() => setAdding('')}>
              <Icon name="film" /> {t.create}
            </button>
          </>
        }
      >
        {project.data.name}
      </Heading>
      {shots.length > 0 && (
        <div class="filters">
          <div class="switch" role="group" aria-label={t.byState}>
            <button type="button" aria-pressed={!wanted} onClick={() => setQuery({ state: null })}>
              {text.jobs.any} <small>{count(shots.length)}</small>
            </button>
            {shotStates.map((state) => (
              <button
                key={state}
                type="button"
                aria-pressed={wanted === state}
                onClick={() => setQuery({ state: wanted === state ? null : state })}
              >
                {t.states[state]} <small>{count(shots.filter((shot) => shot.state === state).length)}</small>
              </button>
            ))}
          </div>
        </div>
      )}
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && shots.length === 0 && (
        <Empty icon="film" title={t.emptyTitle}>
          <p class="soft">{t.emptyBody}</p>
        </Empty>
      )}
      {shots.length > 0 && sequences.length === 0 && <Empty icon="search" title={t.noneFound} />}
      {sequences.map(([name, each]) => (
        <section key={name} class="section" aria-label={name}>
          <div class="section-head">
            <h2>{name}</h2>
            <span class="soft">{t.count(each.length)}</span>
            <div class="actions">
              <button type="button" class="button" aria-label={t.createIn(name)} onClick={() => setAdding(name)}>
                <Icon name="add" /> {t.shot}
              </button>
            </div>
          </div>
          <div class="shots">
            {each.map((shot) => (
              <ShotCard key={shot.id} shot={shot} />
            ))}
          </div>
        </section>
      ))}
      {adding !== null && <NewShot project={id} sequence={adding} close={() => setAdding(null)} />}
    </>
  );
}
