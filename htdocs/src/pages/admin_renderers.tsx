// Renderers that the grid delivers to its slaves: what there is, who uses it, and where one is added.
import { useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { AnswerOf } from '../api/routes';
import { count, percent, size } from '../base/format';
import { Empty, ErrorMessage, Heading, Loading, Time, useTitle, userName } from '../parts/basics';
import { confirmed } from '../parts/dialog';
import { rendererName } from '../parts/renderer';
import { tried } from '../parts/toast';
import { text } from '../text';
import { digestOf } from '../upload/digests';
import { upload } from '../upload/tus';
import { AdminTabs } from './admin_tabs';

const t = text.renderers;
type Renderer = AnswerOf<'GET /api/v1/renderers'>['items'][number];

function Line({ renderer, changed }: { renderer: Renderer; changed: () => void }) {
  const path = { renderer_id: renderer.id };
  const name = rendererName(renderer);
  const toggle = async (): Promise<void> => {
    await tried(
      () => ask('PATCH /api/v1/renderers/{renderer_id}', { path, body: { enabled: !renderer.enabled } }),
      renderer.enabled ? t.isDisabled(name) : t.isEnabled(name),
    );
    changed();
  };
  const remove = async (): Promise<void> => {
    const jobs = renderer.job_count;
    if (!(await confirmed(t.removeThe(name), jobs > 0 ? t.pauses(jobs) : t.stays, t.remove, true))) return;
    const query = jobs > 0 ? { query: { jobs: 'pause' as const } } : {};
    await tried(() => ask('DELETE /api/v1/renderers/{renderer_id}', { path, ...query }), t.removed(name));
    changed();
  };
  return (
    <li>
      <div>
        <strong class="break">{name}</strong>
        {!renderer.enabled && <span class="soft"> {t.off}</span>}
        <p class="soft small">
          {renderer.file_name}
          {' · '}
          {renderer.platform}
          {' · '}
          {size(renderer.size_bytes)}
          {' · '}
          {t.usedBy(count(renderer.slave_count), count(renderer.job_count))}
          {' · '}
          {renderer.added_by && userName(renderer.added_by)} <Time at={renderer.created_at} />
        </p>
      </div>
      <button type="button" class="button" onClick={() => void toggle()}>
        {renderer.enabled ? t.disable : t.enable}
      </button>
      <button type="button" class="button button-danger" aria-label={t.removeThe(name)} onClick={() => void remove()}>
        {t.remove}
      </button>
    </li>
  );
}

export function AdminRenderersPage() {
  useTitle(t.title);
  const list = useLive('renderers', (signal) => ask('GET /api/v1/renderers', { signal }), 30000);
  const [state, setState] = useState('');
  const chosen = useRef<HTMLInputElement>(null);
  const add = async (file: File): Promise<void> => {
    await tried(async () => {
      const part = (bytes: number): string => percent(file.size > 0 ? bytes / file.size : 1);
      const sha256 = await digestOf(file, (bytes) => setState(t.reading(part(bytes))));
      const missing = await ask('POST /api/v1/blobs/find-missing', { body: { sha256: [sha256] } });
      if (missing.missing.length > 0)
        await upload(file, sha256, (bytes) => setState(t.sending(part(bytes))), new AbortController().signal);
      setState(t.unpacking);
      await ask('POST /api/v1/renderers', { body: { sha256, file_name: file.name } });
    }, t.added);
    setState('');
    if (chosen.current) chosen.current.value = '';
    list.refresh();
  };
  const items = list.data?.items ?? [];
  return (
    <>
      <Heading>{text.admin.title}</Heading>
      <AdminTabs here="renderers" />
      <p class="soft admin-lead">{t.lead}</p>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && items.length === 0 && <Empty icon="slaves" title={t.none} />}
      {items.length > 0 && (
        <ul class="lines card">
          {items.map((renderer) => (
            <Line key={renderer.id} renderer={renderer} changed={list.refresh} />
          ))}
        </ul>
      )}
      <div class="card narrow">
        <h2>{t.add}</h2>
        <div class="field">
          <label for="renderer-file">{t.file}</label>
          <input
            id="renderer-file"
            ref={chosen}
            type="file"
            accept=".xz,.gz,.zst,.tar"
            disabled={state !== ''}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) void add(file);
            }}
          />
          <p class="hint" role="status">
            {state || t.fileHint}
          </p>
        </div>
      </div>
    </>
  );
}
