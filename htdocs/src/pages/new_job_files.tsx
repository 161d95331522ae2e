// Where files are dropped, and how far they are on their way.
import { useMemo, useRef, useState } from 'preact/hooks';
import { count, percent, size } from '../base/format';
import { Bar } from '../parts/basics';
import { Icon } from '../parts/icons';
import { text } from '../text';
import type { Progress } from '../upload/bundle';
import { type Chosen, fromDrop, fromInput } from '../upload/chosen';
import { remembered } from '../base/store';

export interface Listed {
  path: string;
  size: number;
}

export function DropZone({ take }: { take: (chosen: Chosen[]) => void }) {
  const [over, setOver] = useState(false);
  const [looking, setLooking] = useState<number | null>(null); // files seen so far
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const unfinished = Object.keys(remembered<Record<string, unknown>>('uploads', {})).length > 0;
  const chosen = (event: Event): void => {
    const list = (event.currentTarget as HTMLInputElement).files;
    if (list && list.length > 0) take(fromInput(list));
  };
  return (
    <div
      class={over ? 'drop drop-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!event.dataTransfer) return;
        setLooking(0);
        void fromDrop(event.dataTransfer, setLooking)
          .then(take)
          .finally(() => setLooking(null));
      }}
    >
      <Icon name="drop" />
      <p class="drop-title" role="status">
        {looking === null ? text.newJob.drop : text.newJob.lookingAround(count(looking), looking)}
      </p>
      <p class="soft">{text.newJob.dropHint}</p>
      <p class="form-end">
        <button type="button" class="button button-main" onClick={() => files.current?.click()}>
          {text.newJob.chooseFile}
        </button>
        <button type="button" class="button" onClick={() => folder.current?.click()}>
          {text.newJob.chooseFolder}
        </button>
      </p>
      {unfinished && (
        <p class="notice">
          <Icon name="requeue" /> {text.newJob.goesOn}
        </p>
      )}
      <input
        ref={files}
        type="file"
        multiple
        class="unseen"
        tabIndex={-1}
        aria-label={text.newJob.chooseFile}
        onChange={chosen}
      />
      <input
        ref={folder}
        type="file"
        {...{ webkitdirectory: true }}
        class="unseen"
        tabIndex={-1}
        aria-label={text.newJob.chooseFolder}
        onChange={chosen}
      />
    </div>
  );
}

function Way({ progress }: { progress: Progress }) {
  const fraction = progress.total > 0 ? progress.done / progress.total : 1;
  const words = progress.phase === 'reading' ? text.newJob.reading : text.newJob.sending;
  return (
    <div class="way">
      <div class="between">
        <span>{words}</span>
        <span class="figure">
          {size(progress.done)} / {size(progress.total)} · {percent(fraction)}
        </span>
      </div>
      <Bar value={fraction} label={words} />
    </div>
  );
}

export function FileList({
  listed,
  progress,
  complete,
  again,
}: {
  listed: Listed[];
  progress: Progress | null;
  complete: boolean;
  again: (chosen: Chosen[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const total = useMemo(() => listed.reduce((sum, file) => sum + file.size, 0), [listed]);
  const shown = useMemo(() => [...listed].sort((left, right) => right.size - left.size).slice(0, 100), [listed]);
  return (
    <section class="card files">
      <div class="between">
        <strong>{text.newJob.files(count(listed.length), size(total), listed.length)}</strong>
        <button type="button" class="plain" onClick={() => input.current?.click()}>
          {text.newJob.other}
        </button>
        <input
          ref={input}
          type="file"
          multiple
          class="unseen"
          tabIndex={-1}
          aria-label={text.newJob.other}
          onChange={(event) => event.currentTarget.files?.length && again(fromInput(event.currentTarget.files))}
        />
      </div>
      {complete ? (
        <p class="good" role="status">
          <Icon name="check" /> {text.newJob.there}
        </p>
      ) : (
        progress && <Way progress={progress} />
      )}
      {listed.length > 1 && (
        <details>
          <summary>{text.newJob.showFiles}</summary>
          <ul class="file-list">
            {shown.map((file) => (
              <li key={file.path}>
                <span class="break">{file.path}</span>
                <span class="figure soft">{size(file.size)}</span>
              </li>
            ))}
            {listed.length > shown.length && (
              <li class="soft">{text.newJob.more(count(listed.length - shown.length))}</li>
            )}
          </ul>
        </details>
      )}
    </section>
  );
}
