// Home: the latest image first, then what is being rendered, then the grid in figures.
import { ask } from '../api/client';
import { type Applied, atSlaves, type Events } from '../api/events';
import { jobListHandlers } from '../api/job_list';
import { useLive } from '../api/live';
import { latestThumbnail } from '../api/images';
import type { Job, AnswerOf } from '../api/routes';
import { useUser } from '../api/session';
import { address } from '../base/address';
import { count, decimal, percent, points } from '../base/format';
import { Empty, Heading, Loading, ProgressBar, Time, ErrorMessage, useTitle } from '../parts/basics';
import { Icon } from '../parts/icons';
import { RenderedImage, ratioOf } from '../parts/rendered_image';
import { text } from '../text';

function Hero({ job }: { job: Job }) {
  return (
    <a class="hero" href={address(['jobs', job.id])}>
      <RenderedImage src={latestThumbnail(job, 1024)} alt={text.home.latestOf(job.name)} ratio={ratioOf(job.output)} />
      <div class="hero-caption">
        <strong class="cut">{job.name}</strong>
        <span>{text.job.framesDone(count(job.tasks.finished), count(job.tasks.total))}</span>
      </div>
    </a>
  );
}

function JobCard({ job }: { job: Job }) {
  return (
    <a class="job-card" href={address(['jobs', job.id])}>
      <RenderedImage small src={job.tasks.finished > 0 ? latestThumbnail(job, 256) : null} alt="" />
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

function Recent({ jobs }: { jobs: Job[] }) {
  return (
    <section>
      <h2>{text.home.recent}</h2>
      <ul class="recent">
        {jobs.map((job) => (
          <li key={job.id}>
            <a class="recent-job" href={address(['jobs', job.id])}>
              <RenderedImage small src={job.tasks.finished > 0 ? latestThumbnail(job, 256) : null} alt="" />
              <strong class="cut">{job.name}</strong>
              <span class="soft cut">
                {text.states[job.state]} · <Time at={job.finished_at ?? job.created_at} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Standing({ user }: { user: number }) {
  const balance = useLive('balance', () => ask('GET /api/v1/points/balance'), 10000, { 'points.changed': () => 'ask' });
  const top = useLive('top', () => ask('GET /api/v1/ranking', { query: { limit: 5 } }), 30000, {});
  const rows = top.data?.items ?? [];
  const have = balance.data;
  return (
    <section class="standing card">
      <a class="between" href="#/points">
        <h2>{text.home.myPoints}</h2>
        <span class="figure">
          {have ? text.home.pointsLine(points(have.available_millipoints), points(have.pending_millipoints)) : '–'}
        </span>
      </a>
      {rows.length > 0 && (
        <ol>
          {rows.map((row) => (
            <li key={row.user.id} class={row.user.id === user ? 'between me' : 'between'}>
              <span class="cut">
                <span class="soft figure">{row.rank}</span> {row.user.name}
              </span>
              <span class="figure">{points(row.total_millipoints)}</span>
            </li>
          ))}
        </ol>
      )}
      {rows.length > 0 && <a href="#/points/ranking">{text.points.ranking}</a>}
    </section>
  );
}

type Status = AnswerOf<'GET /api/v1/grid'>;

function applyStatusUpdate(update: Events['grid.updated'], status: Status): Status {
  return {
    ...status,
    slaves: { ...status.slaves, ...update.slaves },
    jobs: update.jobs,
    frames: { ...status.frames, ...update.frames },
  };
}

/** The page of a list in the place of its items. */
function inPage<P extends { items: Job[] }>(page: P, now: Applied<Job[]>): Applied<P> {
  return now && now !== 'ask' ? { ...now, data: { ...page, items: now.data } } : now;
}

export function HomePage() {
  useTitle('');
  const user = useUser();
  const status = useLive('status', () => ask('GET /api/v1/grid'), 3000, {
    'grid.updated': (update, status) => ({ data: applyStatusUpdate(update, status) }),
  });
  const jobs = useLive('home jobs', () => ask('GET /api/v1/jobs', { query: { limit: 60 } }), 3000, {
    'job.created': () => 'ask',
    'job.updated': (update, page) => inPage(page, jobListHandlers['job.updated'](update, page.items)),
    'job.deleted': (gone, page) => inPage(page, jobListHandlers['job.deleted'](gone, page.items)),
  });
  const mine = jobs.data?.items ?? [];
  const active = mine.filter((job) => job.state === 'active');
  const ended = mine.filter((job) => job.state !== 'active').slice(0, 8);
  const hero = active.find((job) => job.tasks.finished > 0) ?? mine.find((job) => job.tasks.finished > 0);
  const grid = status.data;
  return (
    <>
      <Heading
        actions={
          <a class="button button-main" href="#/jobs/new">
            <Icon name="add" /> {text.jobs.create}
          </a>
        }
      >
        {text.home.hello(user.name)}
      </Heading>
      {jobs.problem && !jobs.data && <ErrorMessage problem={jobs.problem} retry={jobs.refresh} />}
      <div class={hero ? 'home home-with-hero' : 'home'}>
        {hero && <Hero job={hero} />}
        <section class="home-side">
          <div class="card grid-now">
            <dl class="figures" aria-label={text.home.grid}>
              <div>
                <dt>{text.home.slavesOnline}</dt>
                <dd>
                  {grid ? count(grid.slaves.online) : '–'}
                  <small> / {grid ? count(grid.slaves.total) : '–'}</small>
                </dd>
              </div>
              <div>
                <dt>{text.home.rendering}</dt>
                <dd>{grid ? count(atSlaves(grid.frames)) : '–'}</dd>
              </div>
              <div>
                <dt>{text.home.waiting}</dt>
                <dd>{grid ? count(grid.frames.ready) : '–'}</dd>
              </div>
              <div>
                <dt>{text.home.done}</dt>
                <dd>{grid ? count(grid.frames.finished) : '–'}</dd>
              </div>
              <div>
                <dt>{text.home.anHour}</dt>
                <dd>{grid ? count(grid.frames.finished_last_hour) : '–'}</dd>
              </div>
              <div>
                <dt>{text.home.power}</dt>
                <dd>{grid ? decimal(grid.power_online) : '–'}</dd>
              </div>
            </dl>
            <a href="#/statistics">{text.home.toStatistics}</a>
          </div>
          {active.length > 0 && (
            <section>
              <h2>
                {text.home.active} <span class="soft">{count(active.length)}</span>
              </h2>
              <div class="job-cards">
                {active.slice(0, 6).map((job) => (
                  <JobCard key={job.id} job={job} />
                ))}
              </div>
              {active.length > 6 && (
                <p>
                  <a href={address(['jobs'], { state: 'active' })}>{text.home.allActive(count(active.length))}</a>
                </p>
              )}
            </section>
          )}
          <Standing user={user.id} />
        </section>
      </div>
      {!jobs.data && !jobs.problem && <Loading />}
      {jobs.data && mine.length === 0 && (
        <Empty icon="jobs" title={text.home.emptyTitle}>
          <p class="soft">{text.home.emptyBody}</p>
          <p class="form-end">
            <a class="button button-main" href="#/jobs/new">
              {text.jobs.create}
            </a>
            <a class="button" href="#/slaves/new">
              {text.slaves.add}
            </a>
          </p>
        </Empty>
      )}
      {ended.length > 0 && <Recent jobs={ended} />}
    </>
  );
}
