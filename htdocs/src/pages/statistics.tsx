// What the grid did, or what is mine of it, from hours to years: sums first, then charts over time.
import { useMemo } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Statistics } from '../api/routes';
import { setQuery, useAddress } from '../base/address';
import { count, decimal, duration, percent, points } from '../base/format';
import { Again, Empty, Heading, Loading, Switch, ErrorMessage, useTitle } from '../parts/basics';
import { Chart } from '../parts/chart';
import { text } from '../text';

const t = text.statistics;
const periods = ['day', 'week', 'month', 'year', 'all'] as const;
const owners = ['any', 'me'] as const;

const sum = (values: number[]): number => values.reduce((all, each) => all + each, 0);
const known = (values: (number | null)[]): number[] => values.filter((each): each is number => each !== null);
const mean = (values: (number | null)[]): number => sum(known(values)) / Math.max(1, known(values).length);
const figure = (value: number): string => (value >= 100 ? count(Math.round(value)) : decimal(value));

function shortDuration(milliseconds: number): string {
  const minutes = milliseconds / 60000;
  if (minutes === 0) return '0';
  if (minutes < 2) return t.seconds(decimal(milliseconds / 1000));
  return minutes < 120 ? t.minutes(decimal(minutes)) : t.hours(decimal(minutes / 60));
}

/** Without the empty steps before the first in which something was: a young grid has no ten years to show. */
function trimmed(found: Statistics): { from: number; at: number[] } {
  const begin = Date.parse(found.starts_at) / 1000;
  const steps = found.series.frames_finished.length;
  const something = found.series.frames_finished.findIndex(
    (_, i) =>
      found.series.frames_finished[i] || found.series.attempts_failed[i] || found.series.frames_delivered[i] || found.series.slaves_online.max[i] || found.series.frames_ready.max[i] || false,
  );
  const from = something < 0 ? steps : Math.max(0, Math.min(something - 1, steps - 24));
  return { from, at: Array.from({ length: steps - from }, (_, i) => begin + ((from + i) * found.step_ms) / 1000) };
}

function Sums({ found, mine }: { found: Statistics; mine: boolean }) {
  const frames = sum(found.series.frames_finished);
  const failures = sum(found.series.attempts_failed);
  const begun = sum(found.series.jobs_started);
  const waited = found.series.jobs_started.reduce((all, jobs, i) => all + jobs * (found.series.job_wait_ms.mean[i] ?? 0), 0);
  return (
    <dl class="figures" aria-label={t.title}>
      <div>
        <dt>{mine ? t.framesOfSlaves : t.frames}</dt>
        <dd>{count(frames)}</dd>
      </div>
      {mine && (
        <div>
          <dt>{t.received}</dt>
          <dd>{count(sum(found.series.frames_delivered))}</dd>
        </div>
      )}
      <div>
        <dt>{t.points}</dt>
        <dd>{points(sum(found.series.earned_millipoints))}</dd>
      </div>
      <div>
        <dt>{t.failures}</dt>
        <dd>
          {count(failures)} {failures > 0 && <small>{percent(failures / (frames + failures))}</small>}
        </dd>
      </div>
      <div>
        <dt>{t.cpu}</dt>
        <dd>{frames > 0 ? duration(sum(found.series.cpu_ms)) : '–'}</dd>
      </div>
      <div>
        <dt>{t.begun}</dt>
        <dd>{count(begun)}</dd>
      </div>
      {begun > 0 && (
        <div>
          <dt>{t.waited}</dt>
          <dd>{duration(waited / begun)}</dd>
        </div>
      )}
    </dl>
  );
}

function Charts({ found, mine }: { found: Statistics; mine: boolean }) {
  const { from, at } = useMemo(() => trimmed(found), [found]);
  const cut = <T,>(values: T[]): T[] => values.slice(from);
  const attempts = sum(found.series.frames_finished) + sum(found.series.attempts_failed);
  const shared = { at, step: found.step_ms / 1000 };
  // The same arrays as long as the figures are the same: a chart is drawn anew when they are others.
  const columns = useMemo(
    () => ({
      frames: cut(found.series.frames_finished),
      received: cut(found.series.frames_delivered),
      failures: cut(found.series.attempts_failed),
      points: cut(found.series.earned_millipoints.map((each) => each / 1000)),
      power: cut(found.series.power_online.mean),
      slaves: cut(found.series.slaves_online.mean),
      ready: cut(found.series.frames_ready.mean),
      leased: cut(found.series.frames_leased.mean),
      wait: cut(found.series.job_wait_ms.mean),
      waitMost: cut(found.series.job_wait_ms.max),
    }),
    [found, from],
  );
  return (
    <div class="charts">
      <Chart
        title={mine ? t.framesOfSlaves : t.frames}
        summary={t.sum(count(sum(found.series.frames_finished)))}
        series={[{ name: t.frames, values: columns.frames, colour: '--done', kind: 'bars' }]}
        show={figure}
        {...shared}
      />
      {mine && (
        <Chart
          title={t.received}
          summary={t.sum(count(sum(found.series.frames_delivered)))}
          series={[{ name: t.received, values: columns.received, colour: '--done', kind: 'bars' }]}
          show={figure}
          {...shared}
        />
      )}
      <Chart
        title={t.points}
        summary={t.sum(points(sum(found.series.earned_millipoints)))}
        series={[{ name: t.points, values: columns.points, colour: '--accent', kind: 'bars' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.power}
        summary={t.average(figure(mean(found.series.power_online.mean)))}
        series={[{ name: t.power, values: columns.power, colour: '--idle', kind: 'area' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.slaves}
        summary={t.average(figure(mean(found.series.slaves_online.mean)))}
        series={[{ name: t.slaves, values: columns.slaves, colour: '--idle', kind: 'area' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.queue}
        summary={t.average(figure(mean(found.series.frames_ready.mean)))}
        series={[
          { name: t.waiting, values: columns.ready, colour: '--line-strong', kind: 'area' },
          { name: t.working, values: columns.leased, colour: '--working', kind: 'line' },
        ]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.wait}
        summary={t.average(duration(mean(found.series.job_wait_ms.mean)))}
        series={[
          { name: t.most, values: columns.waitMost, colour: '--ready', kind: 'bars' },
          { name: t.mean, values: columns.wait, colour: '--working', kind: 'bars' },
        ]}
        show={(value) => (value === 0 ? '0' : duration(value))}
        scale={shortDuration}
        {...shared}
      />
      <Chart
        title={t.failures}
        summary={t.failureRate(percent(attempts > 0 ? sum(found.series.attempts_failed) / attempts : 0))}
        series={[{ name: t.failures, values: columns.failures, colour: '--failed', kind: 'bars' }]}
        show={figure}
        {...shared}
      />
    </div>
  );
}

export function StatisticsPage() {
  useTitle(t.title);
  const { query } = useAddress();
  const period = periods.find((each) => each === query['period']) ?? 'week';
  const owner = query['owner'] === 'me' ? 'me' : 'any';
  const live = useLive(
    `statistics ${owner} ${period}`,
    (signal) => ask('GET /api/v1/statistics', { query: { owner, period }, signal }),
    60000,
  );
  const found = live.data;
  const mine = owner === 'me';
  const empty =
    found !== null &&
    [found.series.frames_finished, found.series.attempts_failed, found.series.frames_delivered, found.series.slaves_online.max, found.series.frames_ready.max].every((column) =>
      column.every((each) => !each),
    );
  return (
    <>
      <Heading lead={t.lead}>{t.title}</Heading>
      <div class="statistics-bar">
        <Switch
          label={t.whose}
          value={owner}
          options={owners.map((each) => [each, t.owners[each]] as const)}
          onChange={(next) => setQuery({ owner: next === 'any' ? null : next })}
        />
        <Switch
          label={t.period}
          value={period}
          options={periods.map((each) => [each, t.periods[each]] as const)}
          onChange={(next) => setQuery({ period: next === 'week' ? null : next })}
        />
        {found && (
          <span class="soft">{found.step_ms === 3600_000 ? t.byHour : found.step_ms === 86400_000 ? t.byDay : t.byWeek}</span>
        )}
      </div>
      {live.problem && !found && <ErrorMessage problem={live.problem} retry={live.refresh} />}
      <Again problem={found ? live.problem : null} />
      {!found && !live.problem && <Loading />}
      {found && empty && (
        <Empty icon="chart" title={t.emptyTitle}>
          <p class="soft">{mine ? t.emptyMine : t.emptyGrid}</p>
        </Empty>
      )}
      {found && !empty && (
        <>
          <Sums found={found} mine={mine} />
          <Charts found={found} mine={mine} />
        </>
      )}
    </>
  );
}
