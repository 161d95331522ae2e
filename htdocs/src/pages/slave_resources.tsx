// What the owner of a slave wants of it from here: how much it lends, where its volunteer allows that, and work that it
// shall never be offered.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Slave } from '../api/routes';
import { Check, Field, Form, Select } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';

const written = (value: number | null | undefined): string => (value ? String(value) : '');
const minutesOf = (ms: number | null | undefined): number | null => (ms ? Math.ceil(ms / 60000) : null);
const number = (value: string): number | null => (value.trim() === '' ? null : Number(value));

function Wishes({ slave, changed }: { slave: Slave; changed: () => void }) {
  const t = text.slaves;
  const { requested, effective } = slave.remote_settings;
  const limits = [
    ['threads', t.wishThreads, 1, effective?.threads],
    ['memory_mib', t.wishMemory, 64, effective?.memory_mib],
    ['minutes', t.wishMinutes, 1, minutesOf(effective?.max_frame_ms)],
  ] as const;
  const [lent, setLent] = useState({
    threads: written(requested.threads),
    memory_mib: written(requested.memory_mib),
    minutes: written(minutesOf(requested.max_frame_ms)),
  });
  const [schedule, setSchedule] = useState((requested.schedule ?? []).join(', '));
  const [paused, setPaused] = useState(Boolean(requested.paused));
  const save = async (): Promise<void> => {
    const minutes = number(lent.minutes);
    const times = schedule.split(',').flatMap((each) => each.trim() || []);
    await ask('PATCH /api/v1/slaves/{slave_id}/remote-settings', {
      path: { slave_id: slave.id },
      body: {
        threads: number(lent.threads),
        memory_mib: number(lent.memory_mib),
        ...(lent.minutes === written(minutesOf(requested.max_frame_ms))
          ? {}
          : { max_frame_ms: minutes === null ? null : minutes * 60000 }),
        schedule: times.length > 0 ? times : null,
        paused,
      },
    });
    showToast(text.saved);
    changed();
  };
  return (
    <Form submit={text.save} onSubmit={save}>
      {limits.map(([name, label, least, here]) => (
        <Field
          key={name}
          label={label}
          type="number"
          value={lent[name]}
          onInput={(value) => setLent({ ...lent, [name]: value })}
          hint={here ? t.holds(here) : undefined}
          more={{ min: least, placeholder: t.asFile }}
        />
      ))}
      <Field
        label={t.wishSchedule}
        value={schedule}
        onInput={setSchedule}
        hint={t.wishScheduleHint}
        more={{ spellcheck: false, placeholder: t.asFile }}
      />
      <Check label={t.wishPaused} checked={paused} onChange={setPaused} />
      {(effective?.problems ?? []).map((each) => (
        <p key={each} class="problem">
          {each}
        </p>
      ))}
    </Form>
  );
}

const kinds = ['user', 'project', 'job'] as const;
type Kind = (typeof kinds)[number];

async function userOf(name: string): Promise<number> {
  const found = (await ask('GET /api/v1/users', { query: { name } })).items[0];
  if (!found) throw new Error(text.slaves.noUser(name));
  return found.id;
}

function Blocks({ slave }: { slave: Slave }) {
  const t = text.slaves;
  const path = { slave_id: slave.id };
  const live = useLive(`blocks ${slave.id}`, () => ask('GET /api/v1/slaves/{slave_id}/blocks', { path }), 0);
  const [kind, setKind] = useState<Kind>('user');
  const [target, setTarget] = useState('');
  const placeOf = (of: Kind, number: number) => ({ ...path, kind: `${of}s` as const, target_id: number });
  const add = async (): Promise<void> => {
    const number = kind === 'user' ? await userOf(target.trim()) : Number(target);
    await ask('PUT /api/v1/slaves/{slave_id}/blocks/{kind}/{target_id}', { path: placeOf(kind, number) });
    setTarget('');
    live.refresh();
  };
  const remove = (from: Kind, what: number): Promise<boolean> =>
    tried(() => ask('DELETE /api/v1/slaves/{slave_id}/blocks/{kind}/{target_id}', { path: placeOf(from, what) }));
  return (
    <>
      <ul>
        {(live.data?.items ?? []).map((each) => (
          <li key={`${each.kind} ${each.target.id}`}>
            {t.blocked(t.kinds[each.kind], each.target.name ?? String(each.target.id))}{' '}
            <button
              type="button"
              class="button"
              onClick={() => void remove(each.kind, each.target.id).then(() => live.refresh())}
            >
              <Icon name="trash" /> {t.unblock}
            </button>
          </li>
        ))}
      </ul>
      <Form submit={t.block} onSubmit={add} disabled={target.trim() === ''}>
        <Select
          label={t.blockKind}
          value={kind}
          options={kinds.map((each) => [each, t.kinds[each]] as const)}
          onChange={setKind}
        />
        <Field
          label={kind === 'user' ? t.blockName : t.blockNumber}
          type={kind === 'user' ? 'text' : 'number'}
          value={target}
          onInput={setTarget}
        />
      </Form>
    </>
  );
}

export function SlaveResources({ slave, changed }: { slave: Slave; changed: () => void }) {
  const t = text.slaves;
  const takes = slave.remote_settings.effective !== null;
  return (
    <section class="section" aria-label={t.lent}>
      <h2>{t.lent}</h2>
      <div class="card">
        <details class="more">
          <summary>{t.wishes}</summary>
          <div class="more-fields">
            {takes ? <Wishes slave={slave} changed={changed} /> : <p class="soft">{t.noWishes}</p>}
          </div>
        </details>
        <details class="more">
          <summary>{t.blocks}</summary>
          <div class="more-fields">
            <Blocks slave={slave} />
          </div>
        </details>
      </div>
    </section>
  );
}
