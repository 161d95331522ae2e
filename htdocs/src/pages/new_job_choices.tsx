// What may be different from what the scene says. Empty means: as the scene has it.
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Job, Parameters, Project, BodyOf, SceneFound } from '../api/routes';
import { Field, Select } from '../parts/form';
import { text } from '../text';
import type { JobFile } from '../upload/bundle';
import { useId } from 'preact/hooks';
import { goodShot } from './job_shot';

export interface Choices {
  name: string;
  frames: string;
  framesTyped: boolean;
  scene: string;
  camera: string;
  engine: string;
  blender: string; // a version, or the beginning of one
  samples: string;
  percentage: string;
  format: string;
  priority: string;
  project: string;
  shot: string;
  paused: boolean;
  testFirst: boolean;
  boost: boolean; // asked how much when the job is there
  tiles: string;
  video: string;
  parameterFile: string;
}

export const unchanged: Choices = {
  name: '',
  frames: '',
  framesTyped: false,
  scene: '',
  camera: '',
  engine: '',
  blender: '',
  samples: '',
  percentage: '',
  format: '',
  priority: '50',
  project: '',
  shot: '',
  paused: false,
  testFirst: false,
  boost: false,
  tiles: '',
  video: '',
  parameterFile: '',
};

const engines = ['CYCLES', 'BLENDER_EEVEE', 'BLENDER_EEVEE_NEXT', 'BLENDER_WORKBENCH'] as const;
const formats = ['PNG', 'JPEG', 'OPEN_EXR', 'OPEN_EXR_MULTILAYER', 'TIFF', 'WEBP'] as const;

export function choicesFrom(job: Job, frames: string): Choices {
  const given = job.parameters ?? {};
  return {
    ...unchanged,
    name: job.name,
    frames,
    framesTyped: true,
    scene: given.scene ?? '',
    camera: given.camera ?? '',
    engine: given.engine ?? '',
    blender: job.renderer.wanted_version ?? '',
    samples: String(given.samples ?? ''),
    percentage: String(given.percentage ?? ''),
    format: given.format ?? '',
    priority: String(job.priority),
    project: String(job.project?.id ?? ''),
    shot: job.shot?.name ?? '',
  };
}

/** A file's name as that of its job: at most as many bytes as the server takes, cut between characters. */
export function nameFrom(path: string): string {
  const most = 200;
  let name = '';
  let bytes = 0;
  for (const letter of (path.split('/').pop() ?? '').replace(/\.blend$/i, '')) {
    bytes += new TextEncoder().encode(letter).length;
    if (bytes > most) break;
    name += letter;
  }
  return name;
}

/** The job as the server wants it. */
export function bodyOf(choices: Choices, scene: string, files: JobFile[]): BodyOf<'POST /api/v1/submissions'> {
  const parameters: Parameters = {};
  if (choices.scene) parameters.scene = choices.scene;
  if (choices.camera) parameters.camera = choices.camera;
  if (choices.engine) parameters.engine = choices.engine;
  if (choices.format) parameters.format = choices.format;
  if (choices.samples) parameters.samples = Number(choices.samples);
  if (choices.percentage) parameters.percentage = Number(choices.percentage);
  return {
    name: choices.name.trim() || 'untitled',
    main_file: scene,
    files,
    frames: choices.frames.trim() || '1',
    parameters,
    priority: Number(choices.priority) || 50,
    paused: choices.paused,
    test_first: choices.testFirst,
    ...(choices.blender.trim() ? { renderer: { version: choices.blender.trim() } } : {}),
    ...(choices.project ? { project_id: Number(choices.project) } : {}),
    ...(choices.project && choices.shot.trim() ? { shot_name: choices.shot.trim() } : {}),
    ...(choices.tiles ? { tiles: choices.tiles } : {}),
    ...(choices.video ? { video: { format: choices.video } } : {}),
    ...(choices.parameterFile ? { parameter_file: choices.parameterFile } : {}),
  };
}

/** One scene, many variations: an XML file from this computer. */
function ParameterFile({ change }: { change: (part: Partial<Choices>) => void }) {
  const t = text.newJob;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{t.parameterFile}</label>
      <input
        id={id}
        type="file"
        accept=".xml,application/xml,text/xml"
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (!file) return change({ parameterFile: '' });
          void file.text().then((content) => change({ parameterFile: content }));
          return undefined;
        }}
      />
      <p class="hint" id={`${id}-hint`}>
        {t.parameterFileHint}
      </p>
    </div>
  );
}

/** Of the chosen project; the ones that are there are proposed. */
function ShotField({ choices, change }: { choices: Choices; change: (part: Partial<Choices>) => void }) {
  const list = useId();
  const shots = useLive(
    `shots of ${choices.project}`,
    () => ask('GET /api/v1/projects/{project_id}/shots', { path: { project_id: Number(choices.project) }, query: { limit: 1000 } }),
    0,
  );
  return (
    <>
      <Field
        label={text.shots.inProject}
        value={choices.shot}
        onInput={(shot) => change({ shot })}
        hint={text.shots.hint}
        problem={goodShot(choices.shot) ? null : text.shots.problem}
        more={{ maxLength: 129, placeholder: 'SQ010/SH020', list, spellcheck: false }}
      />
      <datalist id={list}>
        {shots.data?.items.map((shot) => (
          <option key={shot.id} value={`${shot.sequence}/${shot.name}`} />
        ))}
      </datalist>
    </>
  );
}

export function Overrides({
  choices,
  change,
  scene,
  projects,
}: {
  choices: Choices;
  change: (part: Partial<Choices>) => void;
  scene: SceneFound | null;
  projects: Project[];
}) {
  const t = text.newJob;
  const same = ['', t.asScene] as const;
  const named = (name: string): readonly [string, string] => [name, name];
  const withChosen = (known: readonly string[], chosen: string): string[] =>
    chosen && !known.includes(chosen) ? [...known, chosen] : [...known];
  const scenes = withChosen(scene?.scenes.map((each) => each.name) ?? [], choices.scene);
  const shown = scene?.scenes.find((each) => each.name === (choices.scene || scene.active_scene));
  const cameras = withChosen(shown?.cameras ?? scene?.cameras ?? [], choices.camera);
  return (
    <>
      {scenes.length > 1 && (
        <Select
          label={t.scene}
          value={choices.scene}
          options={[same, ...scenes.map(named)]}
          onChange={(value) => change({ scene: value, ...(choices.framesTyped ? {} : { frames: '' }) })}
        />
      )}
      {(cameras.length > 1 || choices.camera) && (
        <Select
          label={t.camera}
          value={choices.camera}
          options={[same, ...cameras.map(named)]}
          onChange={(camera) => change({ camera })}
        />
      )}
      <details
        class="more"
        open={Boolean(
          choices.engine || choices.samples || choices.percentage || choices.format || choices.blender,
        )}
      >
        <summary>{t.overrides}</summary>
        <div class="more-fields">
          <Field
            label={t.percentage}
            type="number"
            value={choices.percentage}
            onInput={(percentage) => change({ percentage })}
            more={{ min: 1, max: 400, placeholder: t.asScene }}
          />
          <Field
            label={t.samples}
            type="number"
            value={choices.samples}
            onInput={(samples) => change({ samples })}
            more={{ min: 1, max: 65536, placeholder: t.asScene }}
          />
          <Select
            label={t.engine}
            value={choices.engine}
            onChange={(engine) => change({ engine })}
            options={[
              same,
              ...withChosen(engines, choices.engine).map((each) => [each, text.engines[each] ?? each] as const),
            ]}
          />
          <Field
            label={t.renderer}
            value={choices.blender}
            onInput={(blender) => change({ blender })}
            more={{ pattern: '[0-9]+([.][0-9]+){0,3}', placeholder: t.rendererOfFile }}
          />
          <Select
            label={t.format}
            value={choices.format}
            onChange={(format) => change({ format })}
            options={[same, ...withChosen(formats, choices.format).map(named)]}
          />
        </div>
      </details>
      <details class="more" open={Boolean(choices.tiles || choices.video || choices.parameterFile)}>
        <summary>{t.steps}</summary>
        <div class="more-fields">
          <Select
            label={t.tiles}
            value={choices.tiles}
            onChange={(tiles) => change({ tiles })}
            options={[
              ['', t.noTiles] as const,
              ['auto', t.autoTiles] as const,
              ...['2x2', '3x3', '4x4', '8x8'].map(named),
            ]}
            hint={t.tilesHint}
          />
          <Select
            label={t.video}
            value={choices.video}
            onChange={(video) => change({ video })}
            options={[['', t.noVideo] as const, named('MP4'), named('WEBM')]}
          />
          <ParameterFile change={change} />
        </div>
      </details>
      {projects.length > 0 && (
        <Select
          label={t.project}
          value={choices.project}
          onChange={(project) => change({ project })}
          options={[['', t.noProject] as const, ...projects.map((each) => [String(each.id), each.name] as const)]}
        />
      )}
      {choices.project && <ShotField choices={choices} change={change} />}
      <Field
        label={t.priority}
        type="number"
        value={choices.priority}
        onInput={(priority) => change({ priority })}
        hint={t.priorityHint}
        more={{ min: 1, max: 100 }}
      />
    </>
  );
}
