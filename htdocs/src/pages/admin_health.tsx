// Disk and database, and what a new grid still lacks.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Health as Found } from '../api/routes';
import { count, duration, size } from '../base/format';
import { remember, remembered } from '../base/store';
import { Fact, Time } from '../parts/basics';
import { Icon } from '../parts/icons';
import { text } from '../text';

const t = text.admin;
const useHealth = () => useLive('health', (signal) => ask('GET /api/v1/admin/health', { signal }), 10000);

function journalWords(journal: Found['journal']): string {
  if (journal.away) return t.journalAway;
  return journal.waiting === 0 ? t.journalFine : t.journalLag(count(journal.waiting), duration(journal.lag));
}

export function Health() {
  const live = useHealth();
  const found = live.data;
  if (!found) return null;
  const { stor, database, workers } = found;
  const low = stor.free !== null && stor.free < stor.keep;
  return (
    <section class="card">
      <h2>{t.health}</h2>
      {low && (
        <p class="bad">
          <Icon name="warning" /> {t.storLow(size(stor.keep))}
        </p>
      )}
      <dl class="facts">
        {stor.free !== null && stor.total !== null && (
          <Fact name={t.stor}>
            {size(stor.free)} / {size(stor.total)}
          </Fact>
        )}
        <Fact name={t.database}>
          {size(database.bytes)}, {t.schema(database.schema)}
        </Fact>
        <Fact name={t.journal}>{journalWords(found.journal)}</Fact>
        <Fact name={t.workers}>{t.ofWorkers(count(workers.waiting), count(workers.queue), workers.threads)}</Fact>
        <Fact name={t.uptime}>
          <Time at={new Date(Date.now() - found.uptime).toISOString()} />
        </Fact>
      </dl>
      <details>
        <summary>{t.tables}</summary>
        <dl class="facts">
          {database.tables.map((table) => (
            <Fact key={table.name} name={table.name}>
              {size(table.bytes)} <span class="soft">{t.rows(count(table.rows))}</span>
            </Fact>
          ))}
        </dl>
      </details>
    </section>
  );
}

/** For the first administrator: what to do next. Gone when all of it is done, or when it was hidden. */
export function Setup() {
  const live = useHealth();
  const [hidden, setHidden] = useState(() => remembered<string>('setup', '') === 'hidden');
  const setup = live.data?.setup as Record<string, boolean> | undefined;
  const steps = Object.entries(t.setup);
  if (!setup || hidden || steps.every(([name]) => setup[name])) return null;
  return (
    <section class="card setup">
      <div class="section-head">
        <h2>{t.setupTitle}</h2>
        <button
          type="button"
          class="button"
          onClick={() => {
            remember('setup', 'hidden');
            setHidden(true);
          }}
        >
          {t.setupHide}
        </button>
      </div>
      <p class="soft">{t.setupLead}</p>
      <ol class="setup-steps">
        {steps.map(([name, [title, words, to]]) => (
          <li key={name} class={setup[name] ? 'setup-done' : undefined}>
            <span class="setup-sign">
              <Icon name={setup[name] ? 'check' : 'next'} />
              <span class="unseen">{setup[name] ? t.setupDone : t.setupOpen}</span>
            </span>
            <div>
              {setup[name] ? <strong>{title}</strong> : <a href={to}>{title}</a>}
              {!setup[name] && <p class="soft">{words}</p>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
