// What the server found in the scene: what will be rendered, and what will probably look wrong.
import { Fact, ErrorMessage } from '../parts/basics';
import type { AnswerOf } from '../api/routes';
import { memory } from '../base/format';
import { Icon } from '../parts/icons';
import { rendererName } from '../parts/renderer';
import { text } from '../text';
import type { Choices } from './new_job_choices';

type Answer = AnswerOf<'POST /api/v1/submissions/check'>;

export function Findings({
  answer,
  waiting,
  problem,
  choices,
}: {
  answer: Answer | null;
  waiting: boolean;
  problem: Error | null;
  choices: Choices;
}) {
  if (!answer) {
    return (
      <section class="card found" aria-busy={waiting}>
        <h2>{text.newJob.inScene}</h2>
        {problem ? <ErrorMessage problem={problem} /> : <p class="soft">{text.newJob.looking}</p>}
      </section>
    );
  }
  const scene =
    answer.scene?.scenes.find((each) => each.name === (choices.scene || answer.scene?.active_scene)) ??
    answer.scene?.scenes[0];
  const t = text.newJob;
  return (
    <section class="card found">
      <h2>{t.inScene}</h2>
      {answer.problems.map((each) => (
        <div key={each.detail} class="notice notice-bad" role="alert">
          <Icon name="warning" />
          <p>{each.detail}</p>
        </div>
      ))}
      {scene && (
        <dl class="facts">
          <Fact name={t.scene}>{scene.name}</Fact>
          {scene.frame_start !== null && (
            <Fact name={t.frames}>
              {scene.frame_start}–{scene.frame_end}
              {scene.fps !== null && <span class="soft"> · {text.viewer.perSecond(scene.fps)}</span>}
            </Fact>
          )}
          <Fact name={t.camera}>{scene.camera ?? t.noCamera}</Fact>
          {scene.engine && <Fact name={t.engine}>{text.engines[scene.engine] ?? scene.engine}</Fact>}
          {scene.width !== null && (
            <Fact name={t.size}>
              {scene.width} × {scene.height}
              {scene.percentage !== null && scene.percentage !== 100 && ` (${scene.percentage} %)`}
            </Fact>
          )}
          {answer.output?.width && (
            <Fact name={t.rendersAs}>
              {answer.output.width} × {answer.output.height}, {answer.output.format}
            </Fact>
          )}
          {scene.view_layers.length > 1 && <Fact name={t.viewLayers}>{scene.view_layers.join(', ')}</Fact>}
          {answer.memory_mib !== null && <Fact name={t.memory}>{t.about(memory(answer.memory_mib))}</Fact>}
          {answer.scene && <Fact name={t.savedBy}>{t.blender(answer.scene.blender_version)}</Fact>}
          {scene.samples !== null && <Fact name={t.samples}>{scene.samples}</Fact>}
          {answer.renderer.version && <Fact name={text.job.renderer}>{rendererName(answer.renderer)}</Fact>}
        </dl>
      )}
      {answer.findings.length > 0 ? (
        <div class="notice notice-warn">
          <Icon name="warning" />
          <ul>
            {answer.findings.map((each) => (
              <li key={each.message}>{each.message}</li>
            ))}
          </ul>
        </div>
      ) : (
        answer.problems.length === 0 && (
          <p class="good">
            <Icon name="check" /> {t.noWarnings}
          </p>
        )
      )}
    </section>
  );
}
