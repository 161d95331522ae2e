// My points: what there is, where it came from and went, and a way to give some away. Beside it, the ranking.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { everyPage, useLive } from '../api/live';
import type { Balance, StatementLine } from '../api/routes';
import { useUser } from '../api/session';
import { address, setQuery, useAddress } from '../base/address';
import { count, decimal, millipointsOf, points } from '../base/format';
import { newKey } from '../base/random';
import { Empty, Heading, Loading, Switch, Time, ErrorMessage, useTitle } from '../parts/basics';
import { confirmed } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { type Column, Table } from '../parts/table';
import { showToast } from '../parts/toast';
import { text } from '../text';

const most = 2000; // lines shown at once; older ones are asked for
const kinds = ['all', 'earned', 'spent', 'given'] as const;
type Kind = (typeof kinds)[number];
const kindOf: Record<StatementLine['kind'], Kind> = {
  earn: 'earned',
  vest: 'earned',
  void: 'earned',
  payout: 'earned',
  boost: 'spent',
  refund: 'spent',
  give: 'given',
  adjust: 'given',
};

/** '+12.5', '−3': with a sign that is as wide as the other. */
const signed = (value: number): string => (value === 0 ? '' : `${value > 0 ? '+' : '−'}${points(Math.abs(value))}`);

function Amount({ value }: { value: number }) {
  return <span class={value < 0 ? 'figure bad' : 'figure good'}>{signed(value)}</span>;
}

function What({ line }: { line: StatementLine }) {
  const t = text.points;
  const job =
    line.job &&
    (line.job.name === null ? (
      <span>{t.goneJob(line.job.id)}</span>
    ) : (
      <a href={address(['jobs', line.job.id], { frame: line.frame })}>
        {line.frame === null ? line.job.name : t.frameOf(line.frame, line.job.name)}
      </a>
    ));
  const lost = line.available_change_millipoints + line.pending_change_millipoints < 0;
  return (
    <>
      <span class="row-link cut">
        {t.kinds[line.kind]}
        {line.counterparty_name && <span> {t.other(line.kind, lost, line.counterparty_name)}</span>}
      </span>
      <span class="soft small cut">
        {job}
        {line.slave?.name && <span> {text.frames.on(line.slave.name)}</span>}
        {line.reason && <span> {line.reason}</span>}
      </span>
    </>
  );
}

const columns: Column<StatementLine>[] = [
  { id: 'what', title: text.points.columns.what, kind: 'wide', cell: (line) => <What line={line} /> },
  { id: 'when', title: text.points.columns.when, cell: (line) => <Time at={line.created_at} />, hide: 'phone' },
  {
    id: 'pending',
    title: text.points.columns.pending,
    kind: 'number',
    cell: (line) => <Amount value={line.pending_change_millipoints} />,
    hide: 'phone',
  },
  {
    id: 'available',
    title: text.points.columns.available,
    kind: 'number',
    cell: (line) => <Amount value={line.available_change_millipoints} />,
  },
  {
    id: 'total',
    title: text.points.columns.total,
    kind: 'number',
    cell: (line) => <Amount value={line.total_change_millipoints} />,
    hide: 'tablet',
  },
];

export function BalanceFigures({ balance }: { balance: Balance }) {
  const t = text.points;
  return (
    <dl class="figures" aria-label={t.title}>
      <div>
        <dt>{t.available}</dt>
        <dd>{points(balance.available_millipoints)}</dd>
      </div>
      <div>
        <dt>{t.pending}</dt>
        <dd>{points(balance.pending_millipoints)}</dd>
      </div>
      {balance.held_count > 0 && (
        <div>
          <dt>{t.held(count(balance.held_count), balance.held_count)}</dt>
          <dd>{t.upTo(points(balance.held_max_millipoints))}</dd>
        </div>
      )}
      {balance.escrow_millipoints > 0 && (
        <div>
          <dt>{t.escrow}</dt>
          <dd>{points(balance.escrow_millipoints)}</dd>
        </div>
      )}
      <div>
        <dt>{t.total}</dt>
        <dd>{points(balance.total_millipoints)}</dd>
      </div>
      <div>
        <dt>{t.weight}</dt>
        <dd>{decimal(balance.weight)}</dd>
      </div>
    </dl>
  );
}

function Give({ available, given }: { available: number; given: () => void }) {
  const t = text.points;
  const [to, setTo] = useState('');
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  const [key, setKey] = useState(newKey); // the same until it is through: a lost answer gives nothing twice
  const value = millipointsOf(amount);
  const give = async (): Promise<void> => {
    if (value === null || !(await confirmed(t.giveTitle(points(value), to), t.giveBody, t.give))) return;
    await ask('POST /api/v1/transfers', {
      key,
      body: { to: to.trim(), millipoints: value, ...(reason ? { reason } : {}) },
    });
    showToast(t.gave(points(value), to));
    setTo('');
    setAmount('');
    setReason('');
    setKey(newKey());
    given();
  };
  return (
    <Form submit={t.give} onSubmit={give} disabled={value === null || to.trim() === ''}>
      <Field label={t.to} value={to} onInput={setTo} more={{ autocapitalize: 'none', spellcheck: false }} />
      <Field
        label={t.amount}
        value={amount}
        onInput={setAmount}
        type="number"
        hint={t.have(points(available))}
        more={{ min: 0.001, step: 0.001, max: available / 1000 }}
      />
      <Field label={t.reason} value={reason} onInput={setReason} more={{ maxLength: 1000 }} />
    </Form>
  );
}

export function PointsTabs({ here }: { here: 'mine' | 'ranking' }) {
  return (
    <nav class="tabs" aria-label={text.points.tabs}>
      <a href="#/points" aria-current={here === 'mine' ? 'page' : undefined}>
        {text.points.mine}
      </a>
      <a href="#/points/ranking" aria-current={here === 'ranking' ? 'page' : undefined}>
        {text.points.ranking}
      </a>
    </nav>
  );
}

export function PointsPage() {
  const t = text.points;
  useTitle(t.title);
  const user = useUser();
  const { query } = useAddress();
  const kind = (kinds as readonly string[]).includes(query['kind'] ?? '') ? (query['kind'] as Kind) : 'all';
  const balance = useLive('balance', () => ask('GET /api/v1/points/balance'), 5000);
  const list = useLive<{ items: StatementLine[]; more: boolean }>(
    'statement',
    async (signal, before) => {
      if (before !== null) {
        // what is new
        const { items } = await ask('GET /api/v1/transactions', { query: { limit: 100 }, signal });
        const known = new Set(before.items.map((line) => line.id));
        return { ...before, items: [...items.filter((line) => !known.has(line.id)), ...before.items] };
      }
      let sum = 0;
      const items = await everyPage(async (cursor) => {
        const page = await ask('GET /api/v1/transactions', {
          query: { limit: 1000, ...(cursor ? { cursor } : {}) },
          signal,
        });
        sum += page.items.length;
        return { items: page.items, next_cursor: sum >= most ? null : page.next_cursor };
      });
      return { items, more: items.length >= most };
    },
    5000,
  );
  const lines = (list.data?.items ?? []).filter((line) => kind === 'all' || kindOf[line.kind] === kind);
  return (
    <>
      <Heading lead={t.lead}>{t.title}</Heading>
      <PointsTabs here="mine" />
      {balance.problem && !balance.data && <ErrorMessage problem={balance.problem} retry={balance.refresh} />}
      {!balance.data && !balance.problem && <Loading />}
      {balance.data && <BalanceFigures balance={balance.data} />}
      <section class="section">
        <div class="section-head">
          <h2>{t.statement}</h2>
          <Switch
            label={t.filter}
            value={kind}
            options={kinds.map((each) => [each, t.filters[each]] as const)}
            onChange={(next) => setQuery({ kind: next === 'all' ? null : next })}
          />
        </div>
        {list.data && lines.length === 0 && (
          <Empty icon="points" title={t.emptyTitle}>
            <p class="soft">{t.emptyBody}</p>
            <a class="button button-main" href="#/slaves/new">
              {text.slaves.add}
            </a>
          </Empty>
        )}
        {lines.length > 0 && (
          <Table
            label={t.statement}
            rows={lines}
            columns={columns}
            keyOf={(line) => line.id}
            nameOf={(line) => t.kinds[line.kind]}
            sort={{ by: '', down: false }}
            onSort={() => undefined}
          />
        )}
        {list.data?.more && <p class="soft">{t.older(count(most))}</p>}
      </section>
      {balance.data && balance.data.available_millipoints > 0 && (
        <section class="section">
          <h2>{t.giveAway}</h2>
          <div class="card narrow">
            <Give
              available={balance.data.available_millipoints}
              given={() => {
                balance.refresh();
                list.refresh();
              }}
            />
          </div>
        </section>
      )}
      <p class="section soft">{t.rules(user.name)}</p>
    </>
  );
}
