// The table of jobs. What it is filtered and sorted by stands in the address.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { act, type Action, fits } from '../parts/job_actions';
import { useJobList } from '../api/job_list';
import { useLive } from '../api/live';
import { latestThumbnail } from '../api/images';
import type { Job } from '../api/routes';
import { moderates, useUser } from '../api/session';
import { address, setQuery, useAddress } from '../base/address';
import { count, percent } from '../base/format';
import { Empty, Heading, Loading, ProgressBar, StateBadge, Time, ErrorMessage, useTitle, userName } from '../parts/basics';
import { Icon } from '../parts/icons';
import { RenderedImage } from '../parts/rendered_image';
import { type Column, sorted, Table } from '../parts/table';
import { text } from '../text';

const states = ['active', 'paused', 'finished', 'failed', 'cancelled'] as const;
const unknown = '…';
const actions: readonly Action[] = ['pause', 'resume', 'requeue', 'cancel', 'delete'];
const byText = (left: string, right: string): number => left.localeCompare(right, undefined, { numeric: true });

function columnsFor(everybody: boolean): Column<Job>[] {
  const t = text.jobs.columns;
  const owner: Column<Job>[] = everybody
    ? [
        {
          id: 'owner',
          title: t.owner,
          cell: (job) => userName(job.owner),
          compare: (a, b) => byText(userName(a.owner), userName(b.owner)),
          hide: 'tablet',
        },
      ]
    : [];
  return [
    {
      id: 'image',
      title: '',
      kind: 'thumb',
      hide: 'phone',
      cell: (job) => <RenderedImage small src={job.tasks.finished > 0 ? latestThumbnail(job, 256) : null} alt="" />,
    },
    {
      id: 'name',
      title: t.name,
      kind: 'wide',
      compare: (a, b) => byText(a.name, b.name),
      cell: (job) => (
        <>
          <a class="row-link cut" href={address(['jobs', job.id])}>
            {job.name}
          </a>
          <span class="soft small cut">{text.job.line(job)}</span>
        </>
      ),
    },
    ...owner,
    {
      id: 'state',
      title: t.state,
      cell: (job) => <StateBadge state={job.state} />,
      compare: (a, b) => states.indexOf(a.state) - states.indexOf(b.state),
    },
    {
      id: 'progress',
      title: t.progress,
      compare: (a, b) => a.progress - b.progress,
      hide: 'phone',
      cell: (job) => (
        <div class="row-progress">
          <ProgressBar job={job} />
          <span class="figure">{percent(job.progress)}</span>
        </div>
      ),
    },
    {
      id: 'frames',
      title: t.frames,
      kind: 'number',
      cell: (job) => count(job.tasks.total),
      compare: (a, b) => a.tasks.total - b.tasks.total,
      hide: 'tablet',
    },
    {
      id: 'priority',
      title: t.priority,
      kind: 'number',
      cell: (job) => job.priority,
      compare: (a, b) => a.priority - b.priority,
      hide: 'tablet',
    },
    {
      id: 'created',
      title: t.created,
      cell: (job) => <Time at={job.created_at} />,
      compare: (a, b) => a.id - b.id,
      hide: 'tablet',
    },
  ];
}

function BulkActions({ jobs, done }: { jobs: Job[]; done: () => void }) {
  return (
    <div class="bulk" role="toolbar" aria-label={text.jobs.bulk}>
      <strong>{text.jobs.chosen(count(jobs.length))}</strong>
      {actions.map((action) => {
        const able = jobs.filter((job) => fits(action, job)).length;
        return (
          able > 0 && (
            <button
              key={action}
              type="button"
              class={action === 'delete' ? 'button button-danger' : 'button'}
              onClick={() => void act(action, jobs).then(done)}
            >
              {text.actions.name[action]}
              {able !== jobs.length && ` (${count(able)})`}
            </button>
          )
        );
      })}
    </div>
  );
}

export function JobsPage() {
  useTitle(text.jobs.title);
  const user = useUser();
  const { query } = useAddress();
  const everybody = query['all'] === '1' && moderates(user);
  const list = useJobList(everybody);
  const projects = useLive(query['project'] ? 'projects' : null, () => ask('GET /api/v1/projects'), 0);
  const [chosen, setChosen] = useState<Set<number>>(new Set());
  const [words, setWords] = useState(query['q'] ?? '');
  useEffect(() => {
    if ((query['q'] ?? '') === words.trim()) return undefined;
    const timer = window.setTimeout(() => setQuery({ q: words.trim() }), 200);
    return () => window.clearTimeout(timer);
  }, [words]);
  useEffect(() => {
    // somebody went to another address
    if ((query['q'] ?? '') !== words.trim()) setWords(query['q'] ?? '');
  }, [query['q']]);

  const jobs = list.data ?? [];
  const columns = useMemo(() => columnsFor(everybody), [everybody]);
  const sort = { by: query['sort'] ?? 'created', down: query['sort'] ? query['down'] === '1' : true };
  const found = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const project = Number(query['project'] ?? 0);
    return jobs.filter(
      (job) =>
        (!project || job.project?.id === project) &&
        (!wanted ||
          job.name.toLowerCase().includes(wanted) ||
          String(job.id) === wanted ||
          (everybody && userName(job.owner).toLowerCase().includes(wanted))),
    );
  }, [jobs, words, query['project'], everybody]);
  const shown = useMemo(
    () =>
      sorted(
        found.filter((job) => !query['state'] || job.state === query['state']),
        columns,
        sort.by,
        sort.down,
      ),
    [found, query['state'], columns, sort.by, sort.down],
  );
  const selected = shown.filter((job) => chosen.has(job.id));
  const project = projects.data?.items.find((each) => String(each.id) === query['project']);
  const filtered = Boolean(words || query['state'] || query['project']);

  return (
    <>
      <Heading
        lead={project ? text.jobs.inProject(project.name) : undefined}
        actions={
          <>
            <a class="button phone-only" href="#/projects">
              <Icon name="folder" /> {text.nav.projects}
            </a>
            <a class="button button-main" href="#/jobs/new">
              <Icon name="add" /> {text.jobs.create}
            </a>
          </>
        }
      >
        {everybody ? text.jobs.everybodys : text.jobs.title}
      </Heading>
      <div class="filters">
        <label class="search">
          <Icon name="search" />
          <span class="unseen">{text.jobs.search}</span>
          <input
            type="search"
            value={words}
            placeholder={text.jobs.search}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
        <div class="switch" role="group" aria-label={text.jobs.byState}>
          <button type="button" aria-pressed={!query['state']} onClick={() => setQuery({ state: null })}>
            {text.jobs.any} <small>{list.whole ? count(found.length) : unknown}</small>
          </button>
          {states.map((state) => (
            <button
              key={state}
              type="button"
              aria-pressed={query['state'] === state}
              onClick={() => setQuery({ state: query['state'] === state ? null : state })}
            >
              {text.states[state]} <small>{list.whole ? count(found.filter((job) => job.state === state).length) : unknown}</small>
            </button>
          ))}
        </div>
        {moderates(user) && (
          <label class="check-inline">
            <input type="checkbox" checked={everybody} onChange={() => setQuery({ all: everybody ? null : 1 })} />{' '}
            {text.jobs.everybodys}
          </label>
        )}
      </div>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.whole && !list.problem && shown.length === 0 && <Loading />}
      {list.whole &&
        shown.length === 0 &&
        (filtered ? (
          <Empty icon="search" title={text.jobs.noneFound}>
            <button
              type="button"
              class="button"
              onClick={() => {
                setWords('');
                setQuery({ state: null, project: null, q: null });
              }}
            >
              {text.jobs.showAll}
            </button>
          </Empty>
        ) : (
          <Empty icon="jobs" title={text.jobs.emptyTitle}>
            <p class="soft">{text.jobs.emptyBody}</p>
            <a class="button button-main" href="#/jobs/new">
              {text.jobs.create}
            </a>
          </Empty>
        ))}
      {shown.length > 0 && (
        <Table
          label={text.jobs.title}
          rows={shown}
          columns={columns}
          keyOf={(job) => job.id}
          nameOf={(job) => job.name}
          sort={sort}
          onSort={(by, down) => setQuery({ sort: by, down: down ? 1 : null })}
          selection={{ chosen, change: setChosen }}
          dim={(job) => job.state === 'cancelled'}
        />
      )}
      {selected.length > 0 && (
        <BulkActions
          jobs={selected}
          done={() => {
            setChosen(new Set());
            list.refresh();
          }}
        />
      )}
    </>
  );
}
