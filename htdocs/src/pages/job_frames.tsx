// Every frame of a job: as thumbnails, or as a map where ten thousand fit on a screen. Only visible cells are drawn.
import { useMemo, useState } from 'preact/hooks';
import { thumbnail } from '../api/images';
import type { Job, Task } from '../api/routes';
import { atSlave } from '../api/task_list';
import { remember, remembered } from '../base/store';
import { setQuery, useAddress } from '../base/address';
import { count, duration, percent } from '../base/format';
import { Empty, Loading, Switch } from '../parts/basics';
import { Icon } from '../parts/icons';
import { RenderedImage, ratioOf } from '../parts/rendered_image';
import { describeTask } from '../parts/task_summary';
import { useWidth, useWindowRows } from '../parts/virtual';
import { text } from '../text';

const states = ['finished', 'checking', 'rendering', 'assigned', 'ready', 'failed', 'cancelled'] as const;
type View = 'images' | 'map';

function ImageCell({ job, task, show }: { job: Job; task: Task; show: (frame: number) => void }) {
  const finished = task.state === 'finished';
  return (
    <button
      type="button"
      class={`cell state-${task.state}`}
      title={describeTask(task)}
      data-frame={task.frame}
      onClick={() => show(task.frame)}
    >
      <span class="unseen">{describeTask(task)}</span>
      <RenderedImage small src={finished ? thumbnail(task, 256) : null} alt="" ratio={ratioOf(job.output)} />
      <span class="cell-foot" aria-hidden="true">
        <span class="figure">{task.frame}</span>
        <span class="cell-state cut">
          {finished
            ? duration(task.wall_ms ?? 0)
            : task.state === 'rendering' && task.progress !== null
            ? percent(task.progress)
            : text.taskStates[task.state]}
        </span>
      </span>
      {atSlave(task) && <span class="cell-progress" style={{ width: `${(task.progress ?? 0) * 100}%` }} />}
    </button>
  );
}

function MapCell({ task, show }: { task: Task; show: (frame: number) => void }) {
  return (
    <button
      type="button"
      class={`dot state-${task.state}`}
      title={describeTask(task)}
      aria-label={describeTask(task)}
      data-frame={task.frame}
      onClick={() => show(task.frame)}
    />
  );
}

/** Left and right to the neighbours, up and down by a row: as the eye goes. */
function moveFocus(event: KeyboardEvent, columns: number): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const cells = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button[data-frame]')];
  const next = cells[cells.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function Grid({ job, tasks, view, show }: { job: Job; tasks: Task[]; view: View; show: (frame: number) => void }) {
  const { width, ref: box } = useWidth<HTMLDivElement>();
  const gap = view === 'map' ? 4 : 12;
  const least = view === 'map' ? 24 : width < 500 ? 104 : 168;
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const cellWidth = (width - gap * (columns - 1)) / columns;
  const cellHeight = view === 'map' ? 24 : Math.round(cellWidth / ratioOf(job.output)) + 30;
  const rows = Math.ceil(tasks.length / columns);
  const { slice, ref } = useWindowRows<HTMLDivElement>(rows, cellHeight + gap, 3);
  const visible = width === 0 ? [] : tasks.slice(slice.first * columns, slice.last * columns);
  return (
    <div ref={box} class="frames-box">
      <div
        ref={ref}
        class={`frames frames-${view}`}
        role="group"
        aria-label={text.frames.title}
        onKeyDown={(event) => moveFocus(event, columns)}
        style={{
          gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          gridAutoRows: `${cellHeight}px`,
          gap: `${gap}px`,
          paddingTop: `${slice.first * (cellHeight + gap)}px`,
          paddingBottom: `${Math.max(0, rows - slice.last) * (cellHeight + gap)}px`,
        }}
      >
        {visible.map((task) =>
          view === 'map' ? (
            <MapCell key={task.id} task={task} show={show} />
          ) : (
            <ImageCell key={task.id} job={job} task={task} show={show} />
          ),
        )}
      </div>
    </div>
  );
}

export function Frames({
  job,
  tasks,
  loading,
  show,
}: {
  job: Job;
  tasks: Task[];
  loading: boolean;
  show: (frame: number) => void;
}) {
  const { query } = useAddress();
  const [view, setView] = useState<View>(remembered<View>('frames', job.tasks.total > 600 ? 'map' : 'images'));
  const wanted = query['frames'];
  const shown = useMemo(() => (wanted ? tasks.filter((task) => task.state === wanted) : tasks), [tasks, wanted]);
  const firstDone = tasks.find((task) => task.state === 'finished');
  return (
    <section class="section" aria-label={text.frames.title}>
      <div class="section-head">
        <h2>{text.frames.title}</h2>
        <div class="legend" role="group" aria-label={text.frames.byState}>
          {states.map((state) => {
            const here = tasks.filter((task) => task.state === state).length;
            return (
              (here > 0 || wanted === state) && (
                <button
                  key={state}
                  type="button"
                  class="legend-item"
                  aria-pressed={wanted === state}
                  onClick={() => setQuery({ frames: wanted === state ? null : state })}
                >
                  <span class={`swatch state-${state}`} /> {text.taskStates[state]}{' '}
                  <span class="figure soft">{count(here)}</span>
                </button>
              )
            );
          })}
        </div>
        <div class="actions">
          {firstDone && (
            <button type="button" class="button" onClick={() => setQuery({ frame: firstDone.frame, play: 1 })}>
              <Icon name="film" /> {text.frames.play}
            </button>
          )}
          <Switch
            label={text.frames.view}
            value={view}
            onChange={(next) => {
              setView(next);
              remember('frames', next);
            }}
            options={[
              ['images', text.frames.images],
              ['map', text.frames.map],
            ]}
          />
        </div>
      </div>
      {loading && <Loading />}
      {!loading && shown.length === 0 && <Empty icon="grid" title={text.frames.none} />}
      {shown.length > 0 && <Grid job={job} tasks={shown} view={view} show={show} />}
    </section>
  );
}
