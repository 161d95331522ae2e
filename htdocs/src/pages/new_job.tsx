// A new job: drop files, see what is in the scene, change what should be different, submit. Files are on their way while
// one chooses; a job may be submitted before they are there, and begins when they are.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask, messageOf } from '../api/client';
import { useLive } from '../api/live';
import type { Job, AnswerOf } from '../api/routes';
import { address, go, useAddress } from '../base/address';
import { countFrames, count, frameList } from '../base/format';
import { newKey } from '../base/random';
import { Heading, Loading, ErrorMessage, useTitle } from '../parts/basics';
import { Check, Field, Select } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast } from '../parts/toast';
import { text } from '../text';
import { bring, type JobFile, type Progress } from '../upload/bundle';
import { type Chosen, isScene, likelyScene, mostFiles, tidy } from '../upload/chosen';
import { DropZone, FileList, type Listed } from './new_job_files';
import { Findings } from './new_job_findings';
import { goodShot } from './job_shot';
import { bodyOf, type Choices, choicesFrom, nameFrom, Overrides, unchanged } from './new_job_choices';

type CheckAnswer = AnswerOf<'POST /api/v1/submissions/check'>;

interface Source {
  listed: Listed[];
  chosen: Chosen[] | null; // null: the files of a job before, which the server has
}

async function likeJob(id: number): Promise<{ job: Job; files: JobFile[]; frames: string }> {
  const path = { job_id: id };
  const [job, sources] = await Promise.all([
    ask('GET /api/v1/jobs/{job_id}', { path }),
    ask('GET /api/v1/jobs/{job_id}/inputs', { path }),
  ]);
  const frames: number[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask('GET /api/v1/jobs/{job_id}/tasks', {
      path,
      query: { limit: 1000, ...(cursor ? { cursor } : {}) },
    });
    frames.push(...page.items.map((task) => task.frame));
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  return { job, files: sources.items, frames: frameList(frames) };
}

export function NewJobPage() {
  useTitle(text.newJob.title);
  const { query } = useAddress();
  const from = Number(query['from'] ?? 0);
  const projects = useLive('projects', () => ask('GET /api/v1/projects'), 0);
  const before = useLive(from ? `like ${from}` : null, () => likeJob(from), 0);
  const [source, setSource] = useState<Source | null>(null);
  const [scene, setScene] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const [files, setFiles] = useState<JobFile[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [cut, setCut] = useState(false); // the problem ended the upload, which can go on
  const [found, setFound] = useState<CheckAnswer | null>(null);
  const [choices, setChoices] = useState<Choices>({
    ...unchanged,
    project: query['project'] ?? '',
    shot: query['shot'] ?? '',
  });
  const [armed, setArmed] = useState(false);
  const [busy, setBusy] = useState(false);
  const ending = useRef<AbortController | null>(null);
  const change = (part: Partial<Choices>): void => setChoices((now) => ({ ...now, ...part }));
  useEffect(() => () => ending.current?.abort(), []);

  useEffect(() => {
    // a job like another one
    const like = before.data;
    if (!like || source) return;
    setSource({ listed: like.files.map((file) => ({ path: file.path, size: file.size_bytes })), chosen: null });
    setScene(like.job.main_file);
    setFiles(like.files);
    setChoices(choicesFrom(like.job, like.frames));
  }, [before.data]);

  const take = (taken: Chosen[]): void => {
    const chosen = tidy(taken);
    const likely = likelyScene(chosen);
    ending.current?.abort();
    setFiles(null);
    setFound(null);
    setProgress(null);
    setArmed(false);
    setCut(false);
    if (chosen.length > mostFiles) return setProblem(text.newJob.tooMany(count(mostFiles)));
    if (likely === null)
      return setProblem(chosen.length === 0 ? text.newJob.nothing : text.newJob.noScene(chosen[0]?.path ?? ''));
    setProblem(null);
    setSource({ listed: chosen.map(({ path, file }) => ({ path, size: file.size })), chosen });
    setScene(likely);
    change({ name: choices.name || nameFrom(likely) });
    return undefined;
  };

  useEffect(() => {
    // on their way, the scene first
    if (!source?.chosen || files) return undefined;
    const stop = new AbortController();
    ending.current = stop;
    bring(source.chosen, scene, (now) => !stop.signal.aborted && setProgress({ ...now }), stop.signal).then(
      (there) => !stop.signal.aborted && setFiles(there),
      (wrong: unknown) => {
        if (stop.signal.aborted) return;
        setProblem(messageOf(wrong));
        setCut(true);
      },
    );
    return () => stop.abort();
  }, [source]);

  const known = files ?? (progress?.phase === 'sending' && progress.sceneThere ? progress.files : null);
  const body = useMemo(() => (known ? bodyOf(choices, scene, known) : null), [known, scene, choices]);
  const looked = useLive(
    body && found === null ? `look ${scene}` : null,
    () => ask('POST /api/v1/submissions/check', { body: { ...bodyOf(choices, scene, known ?? []), files: known ?? [] } }),
    0,
  );
  useEffect(() => {
    if (looked.data) setFound(looked.data);
  }, [looked.data]);
  // Only what is complete can be checked for missing files, and again after each change.
  const key = files && body ? JSON.stringify({ ...body, files: files.length, name: '' }) : null;
  const checked = useLive(
    key && (body?.frames === '1' || countFrames(body?.frames ?? '') !== null) ? `check ${key}` : null,
    () =>
      new Promise<CheckAnswer>((resolve, reject) => {
        window.setTimeout(
          () => ask('POST /api/v1/submissions/check', { body: bodyOf(choices, scene, files ?? []) }).then(resolve, reject),
          250,
        );
      }),
    0,
  );
  const latest = checked.data ?? found;

  useEffect(() => {
    // the scene's own frames, unless the reader has typed some
    const chosen = found?.scene?.scenes.find((each) => each.name === (choices.scene || found.scene?.active_scene));
    if (!chosen || choices.frames || choices.framesTyped || chosen.frame_start === null || chosen.frame_end === null)
      return;
    const step = (chosen.frame_step ?? 1) > 1 ? `x${chosen.frame_step}` : '';
    change({
      frames:
        chosen.frame_start === chosen.frame_end
          ? `${chosen.frame_start}`
          : `${chosen.frame_start}-${chosen.frame_end}${step}`,
    });
  }, [found, choices.scene]);

  const frames = countFrames(choices.frames);
  const refused = (latest?.problems ?? []).length > 0;
  const ready = frames !== null && choices.name.trim() !== '' && !refused && goodShot(choices.shot);
  const sent = useRef({ said: '', key: '' });
  const submit = async (): Promise<void> => {
    if (!files) return;
    setBusy(true);
    try {
      // The same key as long as the same is submitted: pressed again after a lost answer, it makes no second job.
      const body = bodyOf(choices, scene, files);
      const said = JSON.stringify(body);
      if (said !== sent.current.said) sent.current = { said, key: newKey() };
      const job = await ask('POST /api/v1/submissions', { body, key: sent.current.key });
      sent.current = { said: '', key: '' };
      showToast(text.newJob.submitted(job.name));
      go(address(['jobs', job.id], { boost: choices.boost ? 1 : null }));
    } catch (wrong) {
      setProblem(messageOf(wrong));
    } finally {
      setBusy(false);
      setArmed(false);
    }
  };
  useEffect(() => {
    if (armed && files && checked.data) void submit();
  }, [armed, files, checked.data]);
  useEffect(() => {
    if (!source?.chosen || files) return undefined;
    const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', leave);
    return () => window.removeEventListener('beforeunload', leave);
  }, [source, files]);

  const scenes = source?.listed.filter(({ path }) => isScene(path)) ?? [];
  return (
    <>
      <p class="crumbs">
        <a href="#/jobs">
          <Icon name="back" /> {text.jobs.title}
        </a>
      </p>
      <Heading lead={source ? undefined : text.newJob.lead}>
        {before.data ? text.newJob.like(before.data.job.name) : text.newJob.title}
      </Heading>
      {from > 0 && !before.data && (before.problem ? <ErrorMessage problem={before.problem} /> : <Loading />)}
      {problem && (
        <div class="notice notice-bad" role="alert">
          <Icon name="warning" />
          <p>{problem}</p>
          {cut && (
            <button
              type="button"
              class="button"
              onClick={() => {
                setProblem(null);
                setCut(false);
                setSource(source && { ...source });
              }}
            >
              <Icon name="requeue" /> {text.newJob.again}
            </button>
          )}
        </div>
      )}
      {!source && !from && <DropZone take={take} />}
      {source && (
        <form
          class="new-job"
          aria-busy={busy}
          onSubmit={(event) => {
            event.preventDefault();
            if (files) void submit();
            else setArmed(!armed);
          }}
        >
          <div class="new-job-main">
            <FileList
              listed={source.listed}
              progress={source.chosen ? progress : null}
              complete={files !== null}
              again={take}
            />
            {scenes.length > 1 && (
              <Select
                label={text.newJob.which}
                value={scene}
                options={scenes.map(({ path }) => [path, path] as const)}
                onChange={(path) => {
                  setScene(path);
                  setFound(null);
                  change({ scene: '', camera: '', frames: '', framesTyped: false });
                }}
              />
            )}
            <Findings answer={latest} waiting={!latest} problem={looked.problem} choices={choices} />
          </div>
          <div class="new-job-side card">
            <Field
              label={text.newJob.name}
              value={choices.name}
              onInput={(name) => change({ name })}
              more={{ required: true, maxLength: 200 }}
            />
            <Field
              label={text.newJob.frames}
              value={choices.frames}
              onInput={(value) => change({ frames: value, framesTyped: true })}
              hint={frames !== null ? text.newJob.framesCount(count(frames)) : text.newJob.framesHint}
              problem={choices.frames !== '' && frames === null ? text.newJob.framesProblem : null}
              more={{ required: true, placeholder: '1-250', inputMode: 'text', spellcheck: false }}
            />
            <Overrides
              choices={choices}
              change={change}
              scene={latest?.scene ?? null}
              projects={projects.data?.items ?? []}
            />
            <Check
              label={text.newJob.testFirst}
              hint={text.newJob.testFirstHint}
              checked={choices.testFirst}
              onChange={(testFirst) => change({ testFirst })}
            />
            <Check
              label={text.newJob.paused}
              hint={text.newJob.pausedHint}
              checked={choices.paused}
              onChange={(paused) => change({ paused })}
            />
            <Check
              label={text.newJob.boost}
              hint={text.newJob.boostHint}
              checked={choices.boost}
              onChange={(boost) => change({ boost })}
            />
            <div class="form-end">
              <button class="button button-main" disabled={!ready || busy} aria-pressed={armed}>
                {armed ? text.newJob.armed : files ? text.newJob.submit : text.newJob.submitWhenThere}
              </button>
            </div>
          </div>
        </form>
      )}
    </>
  );
}
