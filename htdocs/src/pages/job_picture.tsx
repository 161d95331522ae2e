// What a job looks like: its latest frame, its frames in motion, or the video that it makes.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask, url } from '../api/client';
import { useLive } from '../api/live';
import { isVideo, latestPicture, videoOf } from '../api/pictures';
import type { Job, Preview } from '../api/routes';
import { count, percent } from '../base/format';
import { Bar, Switch } from '../parts/basics';
import { Icon } from '../parts/icons';
import { Picture, ratioOf } from '../parts/picture';
import { text } from '../text';

type Motion = Preview & { accepted: number };

const still = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** The preview film, which the server makes when it is first asked for; `play`: what else moves where there is none. */
export function Animation({ job, play }: { job: Job; play?: (() => void) | undefined }) {
  const [round, setRound] = useState(0);
  const [making, setMaking] = useState(false);
  const live = useLive<Motion>(
    `preview ${job.id} ${round}`,
    async (signal) => {
      const answer = await ask('GET /api/v1/jobs/{id}/preview', { path: { id: job.id }, signal });
      setMaking(answer.state === 'making');
      return { ...answer, accepted: job.accepted };
    },
    making ? 1000 : 0,
  );
  const film = live.data;
  const t = text.preview;
  const again = (
    <button type="button" class="button" onClick={() => setRound(round + 1)}>
      <Icon name="requeue" /> {t.again}
    </button>
  );
  const below: ComponentChildren[] = [];
  if (film?.state === 'making')
    below.push(
      <>
        <Bar value={film.progress ?? 0} label={t.making} />
        <span class="soft" role="status">
          {film.url ? t.renewing : t.making} <span class="figure">{percent(film.progress ?? 0)}</span>
        </span>
      </>,
    );
  else if (film && film.url && film.accepted !== job.accepted) below.push(<span class="soft">{t.older}</span>, again);
  if (film?.url && film.step > 1) below.push(<span class="soft">{t.every(count(film.step))}</span>);
  if (film?.state === 'failed' || live.problem)
    below.push(
      <span class="bad" role="alert">
        {t.failed(film?.problem ?? live.problem?.message ?? '')}
      </span>,
      again,
    );
  if (film && !film.url && (film.state === 'unavailable' || film.state === 'none'))
    below.push(<span class="soft">{film.state === 'none' ? t.none : t.unavailable}</span>);
  if (film && !film.url && play && job.accepted > 1)
    below.push(
      <button type="button" class="button" onClick={play}>
        <Icon name="film" /> {text.frames.play}
      </button>,
    );
  return (
    <>
      {film?.url ? (
        <video
          key={film.url}
          class="job-video"
          style={{ aspectRatio: String(ratioOf(job.output)) }}
          controls
          loop
          muted
          playsInline
          autoPlay={!still()}
          src={url(film.url)}
          aria-label={t.label(job.name)}
        />
      ) : (
        <Picture src={job.accepted > 0 ? latestPicture(job, 1024) : null} alt="" ratio={ratioOf(job.output)} />
      )}
      {below.length > 0 && <div class="preview-state">{below}</div>}
    </>
  );
}

function Video({ job }: { job: Job }) {
  if (job.accepted === 0) return <Picture src={null} alt="" ratio={ratioOf(job.output)} />;
  return <video class="job-video" controls preload="metadata" src={videoOf(job)} aria-label={text.job.film} />;
}

/** last: the frame that a press on the picture shows. */
export function JobPicture({ job, last, show, play, label }: {
  job: Job;
  last: number | null;
  show: (frame: number) => void;
  play: () => void;
  label?: string; // of the press on the picture, where it shows no frame
}) {
  const [view, setView] = useState<'frame' | 'motion'>('frame');
  if (isVideo(job)) return <Video job={job} />;
  const moves = job.accepted > 1 && job.tiles === 1;
  return (
    <div class="job-look">
      {view === 'motion' && moves ? (
        <Animation job={job} play={play} />
      ) : (
        <button
          type="button"
          class="job-picture"
          disabled={last === null}
          onClick={() => last !== null && show(last)}
          aria-label={label ?? (last !== null ? text.job.openFrame(last) : text.job.noPicture)}
        >
          <Picture src={job.accepted > 0 ? latestPicture(job, 1024) : null} alt="" ratio={ratioOf(job.output)} />
        </button>
      )}
      {moves && (
        <Switch
          label={text.preview.look}
          value={view}
          onChange={setView}
          options={[
            ['frame', text.preview.frame],
            ['motion', text.preview.motion],
          ]}
        />
      )}
    </div>
  );
}
