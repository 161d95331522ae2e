// For moderators and administrators: is the server well, and the ways to everybody's things.
import { useState } from 'preact/hooks';
import { atSlaves } from '../api/events';
import { ask, send, url } from '../api/client';
import { useLive } from '../api/live';
import { untilDone } from '../api/operations';
import type { LedgerCheck } from '../api/routes';
import { useUser } from '../api/session';
import { address } from '../base/address';
import { count, size } from '../base/format';
import { Fact, Heading, Loading, ErrorMessage, useTitle } from '../parts/basics';
import { Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { AdminTabs } from './admin_tabs';
import { Health, Setup } from './admin_health';
import { text } from '../text';

/** 'name{labels} value' lines of Prometheus' text format. */
export function parseMetrics(body: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of body.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (line.startsWith('#') || at < 0) continue;
    found.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return found;
}

async function look(signal: AbortSignal) {
  const [status, metrics, health] = await Promise.all([
    ask('GET /api/v1/grid', { signal }),
    send(url('/metrics'), { signal }).then((reply) => reply.text()),
    send(url('/readyz'), { signal }).then((reply) => reply.ok),
  ]);
  return { status, metrics: parseMetrics(metrics), health };
}

/** Is every point accounted for? Asked for by hand: it reads the whole ledger. */
function Ledger() {
  const t = text.admin;
  const [found, setFound] = useState<LedgerCheck | null>(null);
  const broken = found?.invariants.filter((each) => !each.holds) ?? [];
  return (
    <section class="card">
      <h2>{t.ledger}</h2>
      <Form
        submit={t.checkLedger}
        onSubmit={async () => setFound((await untilDone(await ask('POST /api/v1/admin/ledger-checks'))).result)}
      >
        <p class="soft">{t.ledgerLead}</p>
        <div aria-live="polite">
          {found?.clean && (
            <p class="good">
              <Icon name="check" /> {t.ledgerClean(count(found.invariants.length))}
            </p>
          )}
          {broken.map((each) => (
            <p key={each.name} class="bad">
              <Icon name="warning" /> {each.name}: {each.detail}
            </p>
          ))}
        </div>
      </Form>
    </section>
  );
}

export function AdminPage() {
  useTitle(text.admin.title);
  const user = useUser();
  const live = useLive('admin', look, 5000);
  const t = text.admin;
  const seen = live.data;
  const metric = (name: string): number | undefined => seen?.metrics.get(`distren_${name}`);
  const free = metric('stor_free_bytes');
  return (
    <>
      <Heading>{t.title}</Heading>
      <AdminTabs here="" />
      {user.role === 'administrator' && <Setup />}
      {live.problem && !seen && <ErrorMessage problem={live.problem} retry={live.refresh} />}
      {!seen && !live.problem && <Loading />}
      {seen && (
        <>
          <div class={seen.health ? 'notice notice-good' : 'notice notice-bad'}>
            <Icon name={seen.health ? 'check' : 'warning'} />
            <p>{seen.health ? t.healthy : t.unhealthy}</p>
          </div>
          <div class="admin">
            <section class="card">
              <h2>{t.grid}</h2>
              <dl class="facts">
                <Fact name={t.name}>{seen.status.name}</Fact>
                <Fact name={t.version}>{seen.status.server_version}</Fact>
                <Fact name={t.people}>{count(seen.status.user_count)}</Fact>
                <Fact name={t.registration}>{seen.status.registration ? t.open : t.closed}</Fact>
                <Fact name={t.slaves}>
                  {count(seen.status.slaves.online)} / {count(seen.status.slaves.total)}
                </Fact>
                <Fact name={t.activeJobs}>{count(seen.status.jobs.active)}</Fact>
                <Fact name={t.ready}>{count(seen.status.frames.ready)}</Fact>
                <Fact name={t.leased}>{count(atSlaves(seen.status.frames))}</Fact>
                <Fact name={t.accepted}>{count(seen.status.frames.finished)}</Fact>
              </dl>
            </section>
            <section class="card">
              <h2>{t.server}</h2>
              <dl class="facts">
                {free !== undefined && <Fact name={t.free}>{size(free)}</Fact>}
                <Fact name={t.answered}>
                  {count(
                    ['2', '3', '4', '5'].reduce(
                      (sum, each) => sum + (metric(`http_replies_total{class="${each}xx"}`) ?? 0),
                      0,
                    ),
                  )}
                </Fact>
                <Fact name={t.failed}>{count(metric('http_replies_total{class="5xx"}') ?? 0)}</Fact>
                <Fact name={t.turnedAway}>{count(metric('http_turned_away_total') ?? 0)}</Fact>
              </dl>
            </section>
            {user.role === 'administrator' && <Health />}
            {user.role === 'administrator' && <Ledger />}
          </div>
          <ul class="links">
            <li>
              <a href={address(['jobs'], { all: 1 })}>
                <Icon name="jobs" /> {text.jobs.everybodys}
              </a>
            </li>
            <li>
              <a href={address(['slaves'], { all: 1 })}>
                <Icon name="slaves" /> {text.slaves.everybodys}
              </a>
            </li>
            <li>
              <a href={url('/metrics')}>
                <Icon name="grid" /> {t.metrics}
              </a>
            </li>
            <li>
              <a href={url('/api/v1/openapi.yaml')}>
                <Icon name="copy" /> {t.api}
              </a>
            </li>
          </ul>
        </>
      )}
    </>
  );
}
