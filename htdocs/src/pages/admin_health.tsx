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
  if (journal.database_unavailable) return t.journalAway;
  return journal.unwritten_count === 0 ? t.journalFine : t.journalLag(count(journal.unwritten_count), duration(journal.lag_ms));
}

export function Health() {
  const live = useHealth();
  const found = live.data;
  if (!found) return null;
  const { stor, database, workers } = found;
  const low = stor.free_bytes !== null && stor.free_bytes < stor.min_free_bytes;
  return (
    <section class="card">
      <h2>{t.health}</h2>
      {low && (
        <p class="bad">
          <Icon name="warning" /> {t.storLow(size(stor.min_free_bytes))}
        </p>
      )}
      <dl class="facts">
        {stor.free_bytes !== null && stor.total_bytes !== null && (
          <Fact name={t.stor}>
            {size(stor.free_bytes)} / {size(stor.total_bytes)}
          </Fact>
        )}
        <Fact name={t.database}>
          {size(database.size_bytes)}, {t.schema(database.schema_version)}
        </Fact>
        <Fact name={t.journal}>{journalWords(found.journal)}</Fact>
        <Fact name={t.workers}>{t.ofWorkers(count(workers.queued_count), count(workers.queue_limit), workers.thread_count)}</Fact>
        <Fact name={t.uptime}>
          <Time at={new Date(Date.now() - found.uptime_ms).toISOString()} />
        </Fact>
      </dl>
      <details>
        <summary>{t.tables}</summary>
        <dl class="facts">
          {database.tables.map((table) => (
            <Fact key={table.name} name={table.name}>
              {size(table.size_bytes)} <span class="soft">{t.rows(count(table.row_count))}</span>
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
