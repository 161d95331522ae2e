// The slaves: what each is, whether it is here, and what it renders now.
import { useMemo } from 'preact/hooks';
import { ask } from '../api/client';
import { applyListUpdate, applySlaveUpdate } from '../api/events';
import { everyPage, useLive, useInterest } from '../api/live';
import type { Slave } from '../api/routes';
import { moderates, useUser } from '../api/session';
import { address, setQuery, useAddress } from '../base/address';
import { count, memory, percent } from '../base/format';
import { Empty, Heading, Loading, Time, ErrorMessage, useTitle, userName } from '../parts/basics';
import { Icon } from '../parts/icons';
import { type Column, sorted, Table } from '../parts/table';
import { text } from '../text';

export type SlaveStatus = 'working' | 'idle' | 'offline' | 'disabled' | 'revoked';

export function statusOf(slave: Slave): SlaveStatus {
  if (slave.state !== 'enabled') return slave.state;
  if (!slave.online) return 'offline';
  return slave.current_tasks.length > 0 ? 'working' : 'idle';
}

export function SlaveBadge({ slave }: { slave: Slave }) {
  const status = statusOf(slave);
  return <span class={`badge slave-${status}`}>{text.slaves.statuses[status]}</span>;
}

const statuses: readonly SlaveStatus[] = ['working', 'idle', 'offline', 'disabled', 'revoked'];

function columnsFor(everybody: boolean): Column<Slave>[] {
  const t = text.slaves.columns;
  const owner: Column<Slave>[] = everybody
    ? [
        {
          id: 'owner',
          title: t.owner,
          cell: (slave) => userName(slave.owner),
          compare: (a, b) => userName(a.owner).localeCompare(userName(b.owner)),
          hide: 'phone',
        },
      ]
    : [];
  return [
    {
      id: 'name',
      title: t.name,
      kind: 'wide',
      compare: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
      cell: (slave) => (
        <>
          <a class="row-link cut" href={address(['slaves', slave.id])}>
            {slave.name}
          </a>
          <span class="soft small cut">
            {slave.cpu_model
              ? `${slave.cpu_model}, ${text.slaves.cores(slave.cores ?? 0)}, ${memory(slave.memory_mib ?? 0)}`
              : text.slaves.neverSeen}
          </span>
        </>
      ),
    },
    ...owner,
    {
      id: 'state',
      title: t.state,
      cell: (slave) => <SlaveBadge slave={slave} />,
      compare: (a, b) => statuses.indexOf(statusOf(a)) - statuses.indexOf(statusOf(b)),
    },
    {
      id: 'work',
      title: t.work,
      hide: 'phone',
      cell: (slave) =>
        slave.current_tasks.map((work) => (
          <a key={work.task_id} class="work cut" href={address(['jobs', work.job_id])}>
            {text.slaves.frameOf(work.frame, work.job_id)} <span class="figure soft">{percent(work.progress)}</span>
          </a>
        )),
    },
    {
      id: 'frames',
      title: t.frames,
      kind: 'number',
      cell: (slave) => count(slave.frames_finished),
      compare: (a, b) => a.frames_finished - b.frames_finished,
    },
    {
      id: 'seen',
      title: t.seen,
      hide: 'tablet',
      compare: (a, b) => (a.last_seen_at ?? '').localeCompare(b.last_seen_at ?? ''),
      cell: (slave) => (slave.online ? text.slaves.now : <Time at={slave.last_seen_at} />),
    },
  ];
}

export function SlavesPage() {
  useTitle(text.slaves.title);
  const user = useUser();
  const { query } = useAddress();
  const everybody = query['all'] === '1' && moderates(user);
  useInterest({ slaves: true, ...(everybody ? { all: true } : {}) });
  const list = useLive(
    `slaves ${everybody}`,
    (signal) =>
      everyPage((cursor) =>
        ask('GET /api/v1/slaves', {
          query: { limit: 1000, ...(cursor ? { cursor } : {}), ...(everybody ? { owner: 'any' } : {}) },
          signal,
        }),
      ),
    4000,
    {
      'slave.updated': (update, slaves) =>
        applyListUpdate(slaves, update.id, (slave) => applySlaveUpdate(slave, update)) ?? 'ask',
    },
  );
  const columns = useMemo(() => columnsFor(everybody), [everybody]);
  const sort = { by: query['sort'] ?? 'name', down: query['down'] === '1' };
  const revoked = query['revoked'] === '1';
  const all = list.data ?? [];
  const shown = useMemo(
    () =>
      sorted(
        all.filter((slave) => revoked || slave.state !== 'revoked'),
        columns,
        sort.by,
        sort.down,
      ),
    [all, revoked, columns, sort.by, sort.down],
  );
  const online = all.filter((slave) => slave.online && slave.state === 'enabled');
  return (
    <>
      <Heading
        lead={
          list.data && shown.length > 0
            ? text.slaves.lead(
                online.length,
                shown.length,
                online.reduce((sum, slave) => sum + (slave.cores ?? 0), 0),
              )
            : undefined
        }
        actions={
          <a class="button button-main" href="#/slaves/new">
            <Icon name="add" /> {text.slaves.add}
          </a>
        }
      >
        {everybody ? text.slaves.everybodys : text.slaves.title}
      </Heading>
      {(moderates(user) || all.some((slave) => slave.state === 'revoked')) && (
        <div class="filters">
          {moderates(user) && (
            <label class="check-inline">
              <input type="checkbox" checked={everybody} onChange={() => setQuery({ all: everybody ? null : 1 })} />{' '}
              {text.slaves.everybodys}
            </label>
          )}
          {all.some((slave) => slave.state === 'revoked') && (
            <label class="check-inline">
              <input type="checkbox" checked={revoked} onChange={() => setQuery({ revoked: revoked ? null : 1 })} />{' '}
              {text.slaves.showRevoked}
            </label>
          )}
        </div>
      )}
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && shown.length === 0 && (
        <Empty icon="slaves" title={text.slaves.emptyTitle}>
          <p class="soft">{text.slaves.emptyBody}</p>
          <a class="button button-main" href="#/slaves/new">
            {text.slaves.add}
          </a>
        </Empty>
      )}
      {shown.length > 0 && (
        <Table
          label={text.slaves.title}
          rows={shown}
          columns={columns}
          keyOf={(slave) => slave.id}
          nameOf={(slave) => slave.name}
          sort={sort}
          onSort={(by, down) => setQuery({ sort: by, down: down ? 1 : null })}
          dim={(slave) => slave.state !== 'enabled'}
        />
      )}
    </>
  );
}
