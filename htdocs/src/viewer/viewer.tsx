// One frame over the whole window, with keys: arrows, Home, End, Space, + - 0, C to compare, S to save, L for the log, Escape.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { mayRequeue, requeueTask } from '../parts/job_actions';
import { original, shownByBrowsers, thumbnail } from '../api/images';
import type { Job, Task } from '../api/routes';
import { setQuery, useAddress } from '../base/address';
import { remember, remembered } from '../base/store';
import { Icon } from '../parts/icons';
import { describeTask } from '../parts/task_summary';
import { text } from '../text';
import { TaskLog } from './log';
import { Player, speeds } from './player';
import { Stage } from './stage';

/** What a file of a frame is called in any frame: files of one series differ by their numbers. */
const series = (name: string): string => name.replace(/\d+/g, '#');

/** Which of a frame's files belongs to the chosen series; the first where it has none of it. */
const outputOf = (task: Task, chosen: string): number =>
  Math.max(0, task.outputs.findIndex((each, index) => index > 0 && series(each.name) === chosen));

const addressOf = (task: Task, chosen: string): string => {
  const output = outputOf(task, chosen);
  return shownByBrowsers(task.outputs[output]?.name) ? original(task, output) : thumbnail(task, 1024, output);
};

const settled = 250; // ms until the address says which frame it is: browsers refuse to have it changed often

export function Viewer({
  job,
  tasks,
  frame: given,
  show: write,
}: {
  job: Job;
  tasks: Task[];
  frame: number;
  show: (frame: number | null) => void;
}) {
  const { query } = useAddress();
  const dialog = useRef<HTMLDialogElement>(null);
  const stages = useRef<HTMLDivElement>(null);
  const [frame, show] = useState(given);
  const done = useMemo(() => tasks.filter((task) => task.state === 'finished'), [tasks]);
  const [perSecond, setPerSecond] = useState(remembered('speed', 24));
  const [playing, setPlaying] = useState(false);
  const [other, setOther] = useState<number | null>(null); // compared with
  const [zoom, setZoom] = useState(1);
  const [chosen, setChosen] = useState(''); // series of files; empty: the image
  const [logged, setLogged] = useState(remembered('log', false));
  const task = tasks.find((each) => each.frame === frame) ?? (tasks.find((each) => each.frame === given) as Task);
  useEffect(() => show(given), [given]);
  useEffect(() => {
    if (playing || frame === given) return undefined;
    const timer = window.setTimeout(() => write(frame), settled);
    return () => window.clearTimeout(timer);
  }, [frame, playing]);

  // The player lives as long as the viewer, and asks for what is current.
  const current = useRef({ frame, done, show, chosen });
  current.current = { frame, done, show, chosen };
  const place = (): number => current.current.done.findIndex((each) => each.frame === current.current.frame);
  const player = useRef<Player | null>(null);
  player.current ??= new Player(
    () => {
      const { done: list, show: go } = current.current;
      const next = list[(place() + 1) % list.length];
      if (next) go(next.frame);
    },
    () => {
      const { done: list } = current.current;
      const from = place() + 1;
      return [...list.slice(from), ...list.slice(0, from)]
        .slice(0, 16)
        .map((each) => addressOf(each, current.current.chosen));
    },
  );
  player.current.perSecond = perSecond;

  const setPlay = (on: boolean): void => {
    const able = on && done.length > 1;
    if (able) player.current?.play();
    else player.current?.stop();
    setPlaying(able);
  };
  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
    stages.current?.focus(); // and not its first button, which Space would press
    if (query['play']) setPlay(true);
    return () => {
      player.current?.stop();
      dialog.current?.close();
    };
  }, []);
  useEffect(() => {
    // neighbours, so that the arrows answer at once
    const at = tasks.indexOf(task);
    for (const each of [tasks[at + 1], tasks[at - 1]]) {
      if (each?.state === 'finished') player.current?.ready(addressOf(each, chosen));
    }
  }, [frame, chosen]);

  const close = (): void => setQuery({ frame: null, play: null });
  const move = (step: number): void => {
    setPlay(false);
    const next = tasks[Math.min(tasks.length - 1, Math.max(0, tasks.indexOf(task) + step))];
    if (next) show(next.frame);
  };
  const faster = (step: number): void => {
    const at = speeds.findIndex((speed) => speed >= perSecond);
    const next = speeds[Math.min(speeds.length - 1, Math.max(0, at + step))] as number;
    setPerSecond(next);
    remember('speed', next);
  };
  const log = (on: boolean): void => {
    setLogged(on);
    remember('log', on);
  };
  const compare = (): void => setOther(other === null ? frame : null);
  const saveLink = useRef<HTMLAnchorElement>(null);
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    PageUp: () => move(-10),
    PageDown: () => move(10),
    Home: () => move(-tasks.length),
    End: () => move(tasks.length),
    ' ': () => setPlay(!playing),
    '+': () => setZoom(Math.min(16, zoom * 1.5)),
    '=': () => setZoom(Math.min(16, zoom * 1.5)),
    '-': () => setZoom(Math.max(1, zoom / 1.5)),
    '0': () => setZoom(1),
    '[': () => faster(-1),
    ']': () => faster(1),
    c: compare,
    s: () => saveLink.current?.click(),
    l: () => log(!logged),
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onControl = event.target instanceof HTMLElement && event.target.matches('input, select, pre');
    if (
      onControl ||
      (event.key === ' ' && event.target instanceof HTMLElement && event.target.matches('button, summary'))
    )
      return;
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  const output = outputOf(task, chosen);
  const compared = tasks.find((each) => each.frame === other);
  const t = text.viewer;
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={t.title(job.name)}
      onKeyDown={press}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="viewer-bar">
        <strong class="cut">{job.name}</strong>
        <span class="viewer-what cut" aria-live={playing ? 'off' : 'polite'}>
          {describeTask(task)}
        </span>
        <span class="grow" />
        {task.outputs.length > 1 && (
          <select
            class="viewer-output"
            aria-label={t.output}
            value={output}
            onChange={(event) => {
              const picked = Number((event.target as HTMLSelectElement).value);
              setChosen(picked === 0 ? '' : series(task.outputs[picked]?.name ?? ''));
            }}
          >
            {task.outputs.map((each, index) => (
              <option key={each.name} value={index}>
                {each.name}
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          class="plain"
          onClick={compare}
          aria-pressed={other !== null}
          title={`${t.compare} (C)`}
        >
          <Icon name="compare" />
          <span class="hide-phone">{t.compare}</span>
        </button>
        <button type="button" class="plain" onClick={() => log(!logged)} aria-pressed={logged} title={`${text.log.title} (L)`}>
          <Icon name="log" />
          <span class="hide-phone">{text.log.title}</span>
        </button>
        {mayRequeue(job, task) && (
          <button type="button" class="plain" onClick={() => void requeueTask(task).then(() => stages.current?.focus())} title={t.again}>
            <Icon name="requeue" />
            <span class="hide-phone">{t.again}</span>
          </button>
        )}
        {task.state === 'finished' && (
          <a
            ref={saveLink}
            class="plain"
            href={original(task, output)}
            download={(task.outputs[output]?.name ?? '').split('/').pop()}
            title={`${t.save} (S)`}
          >
            <Icon name="download" />
            <span class="hide-phone">{t.save}</span>
          </a>
        )}
        <details class="viewer-keys">
          <summary class="plain hide-phone">{t.keysTitle}</summary>
          <dl>
            {t.keys.map(([key, what]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </details>
        <button type="button" class="plain" onClick={close} aria-label={text.close} title={`${text.close} (Esc)`}>
          <Icon name="cancel" />
        </button>
      </div>
      <div class="viewer-stages" ref={stages} tabIndex={-1}>
        {compared && (
          <Stage
            source={compared.state === 'finished' ? addressOf(compared, chosen) : null}
            task={compared}
            zoom={zoom}
            setZoom={setZoom}
          />
        )}
        <Stage
          source={task.state === 'finished' ? addressOf(task, chosen) : null}
          task={task}
          zoom={zoom}
          setZoom={setZoom}
        />
      </div>
      {logged && <TaskLog task={task} />}
      <div class="viewer-bar viewer-foot">
        <button
          type="button"
          class="plain"
          onClick={() => move(-1)}
          aria-label={t.previous}
          title={`${t.previous} (←)`}
        >
          <Icon name="back" />
        </button>
        <button
          type="button"
          class="plain"
          onClick={() => setPlay(!playing)}
          disabled={done.length < 2}
          aria-label={playing ? t.pause : t.play}
          title={`${playing ? t.pause : t.play} (Space)`}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button type="button" class="plain" onClick={() => move(1)} aria-label={t.next} title={`${t.next} (→)`}>
          <Icon name="next" />
        </button>
        <input
          class="grow"
          type="range"
          min={0}
          max={Math.max(0, tasks.length - 1)}
          value={tasks.indexOf(task)}
          aria-label={t.frame}
          aria-valuetext={text.frames.frame(frame)}
          onInput={(event) => {
            setPlay(false);
            show(tasks[Number(event.currentTarget.value)]?.frame ?? frame);
          }}
        />
        <span class="figure viewer-number">{frame}</span>
        <label class="viewer-speed">
          <span class="unseen">{t.speed}</span>
          <select
            value={String(perSecond)}
            title={t.speed}
            onChange={(event) => {
              setPerSecond(Number(event.currentTarget.value));
              remember('speed', Number(event.currentTarget.value));
            }}
          >
            {speeds.map((speed) => (
              <option key={speed} value={String(speed)}>
                {t.perSecond(speed)}
              </option>
            ))}
          </select>
        </label>
      </div>
    </dialog>
  );
}
