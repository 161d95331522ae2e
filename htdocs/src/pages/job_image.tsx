// A job's latest frame, its preview, or its video.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ask, url } from '../api/client';
import { useLive } from '../api/live';
import { isVideo, latestThumbnail, videoOf } from '../api/images';
import type { Job, Preview } from '../api/routes';
import { count, percent } from '../base/format';
import { Bar, Switch } from '../parts/basics';
import { Icon } from '../parts/icons';
import { RenderedImage, ratioOf } from '../parts/rendered_image';
import { text } from '../text';

type Motion = Preview & { accepted: number };

const still = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** The preview, which the server creates at the first request; `play` starts the flip-book where there is none. */
export function Animation({ job, play }: { job: Job; play?: (() => void) | undefined }) {
  const [round, setRound] = useState(0);
  const [making, setMaking] = useState(false);
  const tried = useRef(0); // the round in which what failed was asked for once more
  const live = useLive<Motion>(
    `preview ${job.id} ${round}`,
    async (signal) => {
      const path = { job_id: job.id };
      const shown = await ask('GET /api/v1/jobs/{job_id}/preview', { path, signal });
      const again = shown.state === 'failed' && tried.current !== round;
      tried.current = round;
      const answer =
        shown.state === 'stale' || again ? await ask('POST /api/v1/jobs/{job_id}/preview', { path, signal }) : shown;
      setMaking(answer.state === 'making');
      return { ...answer, accepted: job.tasks.finished };
    },
    making ? 1000 : 0,
  );
  const preview = live.data;
  const t = text.preview;
  const again = (
    <button type="button" class="button" onClick={() => setRound(round + 1)}>
      <Icon name="requeue" /> {t.again}
    </button>
  );
  const below: ComponentChildren[] = [];
  if (preview?.state === 'making')
    below.push(
      <>
        <Bar value={preview.progress ?? 0} label={t.making} />
        <span class="soft" role="status">
          {preview.url ? t.renewing : t.making} <span class="figure">{percent(preview.progress ?? 0)}</span>
        </span>
      </>,
    );
  else if (preview?.url && preview.accepted !== job.tasks.finished)
    below.push(<span class="soft">{t.older}</span>, again);
  if (preview?.url && preview.frame_step > 1) below.push(<span class="soft">{t.every(count(preview.frame_step))}</span>);
  if (preview?.state === 'failed' || live.problem)
    below.push(
      <span class="bad" role="alert">
        {t.failed(preview?.problem ?? live.problem?.message ?? '')}
      </span>,
      again,
    );
  if (preview && !preview.url && (preview.state === 'unavailable' || preview.state === 'none'))
    below.push(<span class="soft">{preview.state === 'none' ? t.none : t.unavailable}</span>);
  if (preview && !preview.url && play && job.tasks.finished > 1)
    below.push(
      <button type="button" class="button" onClick={play}>
        <Icon name="film" /> {text.frames.play}
      </button>,
    );
  return (
    <>
      {preview?.url ? (
        <video
          key={preview.url}
          class="job-video"
          style={{ aspectRatio: String(ratioOf(job.output)) }}
          controls
          loop
          muted
          playsInline
          autoPlay={!still()}
          src={url(preview.url)}
          aria-label={t.label(job.name)}
        />
      ) : (
        <RenderedImage src={job.tasks.finished > 0 ? latestThumbnail(job, 1024) : null} alt="" ratio={ratioOf(job.output)} />
      )}
      {below.length > 0 && <div class="preview-state">{below}</div>}
    </>
  );
}

function Video({ job }: { job: Job }) {
  if (job.tasks.finished === 0) return <RenderedImage src={null} alt="" ratio={ratioOf(job.output)} />;
  return <video class="job-video" controls preload="metadata" src={videoOf(job)} aria-label={text.job.video} />;
}

/** last: the frame that clicking the image shows. */
export function JobImage({ job, last, show, play, label }: {
  job: Job;
  last: number | null;
  show: (frame: number) => void;
  play: () => void;
  label?: string; // of the button around the image, where it shows no frame
}) {
  const [view, setView] = useState<'frame' | 'motion'>('frame');
  if (isVideo(job)) return <Video job={job} />;
  const moves = job.tasks.finished > 1 && job.tiles_per_frame === 1;
  return (
    <div class="job-look">
      {view === 'motion' && moves ? (
        <Animation job={job} play={play} />
      ) : (
        <button
          type="button"
          class="job-image"
          disabled={last === null}
          onClick={() => last !== null && show(last)}
          aria-label={label ?? (last !== null ? text.job.openFrame(last) : text.job.noImage)}
        >
          <RenderedImage src={job.tasks.finished > 0 ? latestThumbnail(job, 1024) : null} alt="" ratio={ratioOf(job.output)} />
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
