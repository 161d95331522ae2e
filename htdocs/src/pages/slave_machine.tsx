// How a slave's machine is and was in the last day: the latest figures, and a line each for processor and memory.
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Slave, Telemetry } from '../api/routes';
import { memory } from '../base/format';
import { Fact, Time } from '../parts/basics';
import { text } from '../text';

const width = 720;
const height = 96;
const day = 24 * 3600 * 1000;

type Point = { at: number; value: number }; // UNIX ms, 0 to 1

/** One path; where nothing was said for a while the line is broken. */
function path(points: Point[], end: number, apart: number): string {
  let before = 0;
  return points
    .map(({ at, value }) => {
      const x = (1 - (end - at) / day) * width;
      const y = (1 - Math.min(Math.max(value, 0), 1)) * (height - 2) + 1;
      const word = at - before > 3.5 * apart * 60000 ? 'M' : 'L';
      before = at;
      return `${word}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

function Chart({ title, points, apart, end }: { title: string; points: Point[]; apart: number; end: number }) {
  if (points.length < 2) return null;
  return (
    <figure class="machine-chart">
      <figcaption class="soft">{title}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={title}>
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <line key={part} x1={part * width} x2={part * width} y1="0" y2={height} class="machine-grid" />
        ))}
        <path d={path(points, end, apart)} class="machine-line" />
      </svg>
    </figure>
  );
}

function Charts({ found }: { found: Telemetry }) {
  const end = Date.now();
  const pick = (value: (minute: Telemetry['samples'][number]) => number | null): Point[] =>
    found.samples.flatMap((minute) => {
      const part = value(minute);
      return part === null ? [] : [{ at: Date.parse(minute.sampled_at), value: part }];
    });
  const whole = found.memory_mib ?? 0;
  const shared = { apart: found.interval_ms / 60000, end };
  return (
    <>
      <Chart title={text.slaves.cpuDay} points={pick((m) => (m.cpu_percent === null ? null : m.cpu_percent / 100))} {...shared} />
      <Chart
        title={text.slaves.memoryDay}
        points={pick((m) => (m.memory_free_mib === null || whole === 0 ? null : 1 - m.memory_free_mib / whole))}
        {...shared}
      />
    </>
  );
}

export function SlaveMachine({ slave }: { slave: Slave }) {
  const live = useLive(
    `telemetry ${slave.id}`,
    (signal) => ask('GET /api/v1/slaves/{slave_id}/telemetry', { path: { slave_id: slave.id }, query: { hours: 24 }, signal }),
    60000,
  );
  const now = slave.telemetry;
  if (!now) return null;
  return (
    <section class="section">
      <h2>{text.slaves.machineNow}</h2>
      <div class="card machine">
        <dl class="facts">
          <Fact name={text.slaves.told}>
            <Time at={now.sampled_at} />
          </Fact>
          {now.cpu_percent !== null && <Fact name={text.slaves.cpuUsed}>{`${now.cpu_percent} %`}</Fact>}
          {now.load !== null && <Fact name={text.slaves.load}>{String(now.load)}</Fact>}
          {now.memory_free_mib !== null && <Fact name={text.slaves.memoryFree}>{memory(now.memory_free_mib)}</Fact>}
          {now.disk_free_mib !== null && <Fact name={text.slaves.diskFree}>{memory(now.disk_free_mib)}</Fact>}
          {now.temperature_c !== null && <Fact name={text.slaves.temperature}>{`${now.temperature_c} °C`}</Fact>}
          {now.battery_percent !== null && (
            <Fact name={text.slaves.battery}>{text.slaves.charge(now.battery_percent, now.on_battery)}</Fact>
          )}
        </dl>
        {live.data && <Charts found={live.data} />}
      </div>
    </section>
  );
}
