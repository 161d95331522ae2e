// A chart over time, drawn by uPlot: bars for what was counted, lines for what there was. The value under the pointer
// stands in its caption, on all charts of a page at once; screen readers read its sum instead.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { useStore } from '../base/store';
import { theme } from '../base/theme';

export interface Series {
  name: string;
  values: (number | null)[];
  colour: string; // a token of style/tokens.css, '--done'
  kind: 'bars' | 'line' | 'area';
}

interface Props {
  title: string;
  summary: string;
  at: number[]; // UNIX time in seconds, when each step begins
  step: number; // seconds
  series: Series[];
  show: (value: number) => string;
  scale?: (value: number) => string; // shorter, beside the axis
}

const height = 165; // of .chart-canvas
const hours = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const months = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' });
const dayAndHour = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const wholeDay = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** When a step was: hours in the reader's zone, days and weeks in that of the server's days. */
export const stepName = (at: number, step: number): string =>
  (step < 86400 ? dayAndHour : wholeDay).format(new Date(at * 1000));

function axisTimes(splits: number[], apart: number): string[] {
  return splits.map((at) => {
    const time = new Date(at * 1000);
    if (apart >= 28 * 86400) return months.format(time);
    if (apart >= 86400 || (time.getHours() === 0 && time.getMinutes() === 0)) return days.format(time);
    return hours.format(time);
  });
}

function draw(box: HTMLElement, given: Props, point: (index: number | null) => void): uPlot {
  const { at, series, show, scale = show } = given;
  const style = getComputedStyle(box);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: token('--soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.85, 40], align: 1 });
  return new uPlot(
    {
      width: Math.max(box.clientWidth, 100),
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: 'charts' } },
      scales: {
        x: { time: true },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: [
        { ...axis, space: 70, size: 28, values: (_, splits, __, ___, apart) => axisTimes(splits, apart) },
        { ...axis, size: 58, values: (_, splits) => splits.map(scale) },
      ],
      series: [
        {},
        ...series.map(({ name, kind, colour }): uPlot.Series => ({
          label: name,
          stroke: token(colour),
          width: kind === 'bars' ? 0 : 1.75,
          points: { show: false },
          ...(kind === 'line' ? {} : { fill: token(colour) + (kind === 'area' ? '33' : '') }),
          ...(kind === 'bars' && bars ? { paths: bars } : {}),
        })),
      ],
      hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
    },
    [at, ...series.map((each) => each.values)] as uPlot.AlignedData,
    box,
  );
}

export function Chart(props: Props) {
  const { title, summary, at, step, series, show } = props;
  const box = useRef<HTMLDivElement>(null);
  const [index, setIndex] = useState<number | null>(null);
  const look = useStore(theme);
  const [dark, setDark] = useState(0); // counts changes of the system's look

  useEffect(() => {
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const changed = (): void => setDark((n) => n + 1);
    scheme.addEventListener('change', changed);
    return () => scheme.removeEventListener('change', changed);
  }, []);

  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const plot = draw(place, props, setIndex);
    const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(place.clientWidth, 100), height }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [at, series[0]?.values, series[1]?.values, look, dark]);

  const read = series.flatMap((each) => {
    const value = index === null ? null : each.values[index];
    return value === null || value === undefined ? [] : [{ ...each, value }];
  });
  return (
    <figure class="chart card">
      <figcaption>
        <h2>{title}</h2>
        <p class="chart-read">
          {index !== null && at[index] !== undefined && read.length > 0 ? (
            <span aria-hidden="true">
              {stepName(at[index] as number, step)}:{' '}
              {read.map((each, i) => (
                <span key={each.name}>
                  {i > 0 && ' · '}
                  {show(each.value)} {series.length > 1 && each.name}
                </span>
              ))}
            </span>
          ) : series.length > 1 ? (
            series.map((each, i) => (
              <span key={each.name}>
                {i > 0 && '  '}
                <span class="chart-key" style={{ background: `var(${each.colour})` }} />
                {each.name}{' '}
              </span>
            ))
          ) : (
            summary
          )}
        </p>
      </figcaption>
      <div class="chart-canvas" ref={box} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  );
}
