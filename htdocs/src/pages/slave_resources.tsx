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
const number = (value: string): number | null => (value.trim() === '' ? null : Number(value));

function Wishes({ slave, changed }: { slave: Slave; changed: () => void }) {
  const t = text.slaves;
  const { wanted, hold } = slave.settings;
  const limits = [
    ['threads', t.wishThreads, 1],
    ['memory', t.wishMemory, 64],
    ['minutes_per_frame', t.wishMinutes, 1],
  ] as const;
  const [lent, setLent] = useState({
    threads: written(wanted.threads),
    memory: written(wanted.memory),
    minutes_per_frame: written(wanted.minutes_per_frame),
  });
  const [schedule, setSchedule] = useState((wanted.schedule ?? []).join(', '));
  const [paused, setPaused] = useState(Boolean(wanted.paused));
  const save = async (): Promise<void> => {
    const times = schedule.split(',').flatMap((each) => each.trim() || []);
    await ask('PATCH /api/v1/slaves/{slave_id}/remote-settings', {
      path: { slave_id: slave.id },
      body: {
        threads: number(lent.threads),
        memory: number(lent.memory),
        minutes_per_frame: number(lent.minutes_per_frame),
        schedule: times.length > 0 ? times : null,
        paused,
      },
    });
    showToast(text.saved);
    changed();
  };
  return (
    <Form submit={text.save} onSubmit={save}>
      {limits.map(([name, label, least]) => (
        <Field
          key={name}
          label={label}
          type="number"
          value={lent[name]}
          onInput={(value) => setLent({ ...lent, [name]: value })}
          hint={hold?.[name] ? t.holds(hold[name]) : undefined}
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
      {(hold?.problems ?? []).map((each) => (
        <p key={each} class="problem">
          {each}
        </p>
      ))}
    </Form>
  );
}

const kinds = ['user', 'project', 'job'] as const;
type Kind = (typeof kinds)[number];

function Blocks({ slave }: { slave: Slave }) {
  const t = text.slaves;
  const path = { slave_id: slave.id };
  const live = useLive(`blocks ${slave.id}`, () => ask('GET /api/v1/slaves/{slave_id}/blocks', { path }), 0);
  const [kind, setKind] = useState<Kind>('user');
  const [target, setTarget] = useState('');
  const add = async (): Promise<void> => {
    const body = kind === 'user' ? { user: target.trim() } : { [kind]: Number(target) };
    await ask('POST /api/v1/slaves/{slave_id}/blocks', { path, body });
    setTarget('');
    live.refresh();
  };
  const remove = (from: Kind, what: number): Promise<boolean> =>
    tried(() =>
      ask('DELETE /api/v1/slaves/{slave_id}/blocks/{kind}/{target_id}', { path: { ...path, kind: from, target_id: what } }),
    );
  return (
    <>
      <ul>
        {(live.data?.items ?? []).map((each) => (
          <li key={`${each.kind} ${each.target}`}>
            {t.blocked(t.kinds[each.kind], each.name || String(each.target))}{' '}
            <button
              type="button"
              class="button"
              onClick={() => void remove(each.kind, each.target).then(() => live.refresh())}
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
  const takes = slave.settings.hold !== null;
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
