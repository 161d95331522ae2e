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
const spans = ['day', 'week', 'month', 'year', 'all'] as const;
const whose = ['grid', 'mine'] as const;

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
  const begin = Date.parse(found.from) / 1000;
  const steps = found.frames.length;
  const something = found.frames.findIndex(
    (_, i) =>
      found.frames[i] || found.failures[i] || found.received[i] || found.slaves.max[i] || found.ready.max[i] || false,
  );
  const from = something < 0 ? steps : Math.max(0, Math.min(something - 1, steps - 24));
  return { from, at: Array.from({ length: steps - from }, (_, i) => begin + (from + i) * found.step) };
}

function Sums({ found, mine }: { found: Statistics; mine: boolean }) {
  const frames = sum(found.frames);
  const failures = sum(found.failures);
  const begun = sum(found.begun);
  const waited = found.begun.reduce((all, jobs, i) => all + jobs * (found.wait.mean[i] ?? 0), 0);
  return (
    <dl class="figures" aria-label={t.title}>
      <div>
        <dt>{mine ? t.framesOfSlaves : t.frames}</dt>
        <dd>{count(frames)}</dd>
      </div>
      {mine && (
        <div>
          <dt>{t.received}</dt>
          <dd>{count(sum(found.received))}</dd>
        </div>
      )}
      <div>
        <dt>{t.points}</dt>
        <dd>{points(sum(found.earned_millipoints))}</dd>
      </div>
      <div>
        <dt>{t.failures}</dt>
        <dd>
          {count(failures)} {failures > 0 && <small>{percent(failures / (frames + failures))}</small>}
        </dd>
      </div>
      <div>
        <dt>{t.cpu}</dt>
        <dd>{frames > 0 ? duration(sum(found.cpu)) : '–'}</dd>
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
  const attempts = sum(found.frames) + sum(found.failures);
  const shared = { at, step: found.step };
  // The same arrays as long as the figures are the same: a chart is drawn anew when they are others.
  const columns = useMemo(
    () => ({
      frames: cut(found.frames),
      received: cut(found.received),
      failures: cut(found.failures),
      points: cut(found.earned_millipoints.map((each) => each / 1000)),
      power: cut(found.power.mean),
      slaves: cut(found.slaves.mean),
      ready: cut(found.ready.mean),
      leased: cut(found.leased.mean),
      wait: cut(found.wait.mean),
      waitMost: cut(found.wait.max),
    }),
    [found, from],
  );
  return (
    <div class="charts">
      <Chart
        title={mine ? t.framesOfSlaves : t.frames}
        summary={t.sum(count(sum(found.frames)))}
        series={[{ name: t.frames, values: columns.frames, colour: '--done', kind: 'bars' }]}
        show={figure}
        {...shared}
      />
      {mine && (
        <Chart
          title={t.received}
          summary={t.sum(count(sum(found.received)))}
          series={[{ name: t.received, values: columns.received, colour: '--done', kind: 'bars' }]}
          show={figure}
          {...shared}
        />
      )}
      <Chart
        title={t.points}
        summary={t.sum(points(sum(found.earned_millipoints)))}
        series={[{ name: t.points, values: columns.points, colour: '--accent', kind: 'bars' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.power}
        summary={t.average(figure(mean(found.power.mean)))}
        series={[{ name: t.power, values: columns.power, colour: '--idle', kind: 'area' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.slaves}
        summary={t.average(figure(mean(found.slaves.mean)))}
        series={[{ name: t.slaves, values: columns.slaves, colour: '--idle', kind: 'area' }]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.queue}
        summary={t.average(figure(mean(found.ready.mean)))}
        series={[
          { name: t.waiting, values: columns.ready, colour: '--line-strong', kind: 'area' },
          { name: t.working, values: columns.leased, colour: '--working', kind: 'line' },
        ]}
        show={figure}
        {...shared}
      />
      <Chart
        title={t.wait}
        summary={t.average(duration(mean(found.wait.mean)))}
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
        summary={t.failureRate(percent(attempts > 0 ? sum(found.failures) / attempts : 0))}
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
  const span = spans.find((each) => each === query['span']) ?? 'week';
  const of = query['of'] === 'mine' ? 'mine' : 'grid';
  const live = useLive(
    `statistics ${of} ${span}`,
    (signal) => ask('GET /api/v1/statistics', { query: { of, span }, signal }),
    60000,
  );
  const found = live.data;
  const mine = of === 'mine';
  const empty =
    found !== null &&
    [found.frames, found.failures, found.received, found.slaves.max, found.ready.max].every((column) =>
      column.every((each) => !each),
    );
  return (
    <>
      <Heading lead={t.lead}>{t.title}</Heading>
      <div class="statistics-bar">
        <Switch
          label={t.whose}
          value={of}
          options={whose.map((each) => [each, t[each]] as const)}
          onChange={(next) => setQuery({ of: next === 'grid' ? null : next })}
        />
        <Switch
          label={t.span}
          value={span}
          options={spans.map((each) => [each, t.spans[each]] as const)}
          onChange={(next) => setQuery({ span: next === 'week' ? null : next })}
        />
        {found && (
          <span class="soft">{found.step === 3600 ? t.byHour : found.step === 86400 ? t.byDay : t.byWeek}</span>
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
