// What happened on the grid, newest first.
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { AnswerOf } from '../api/routes';
import { address, setQuery, useAddress } from '../base/address';
import { Empty, Heading, Loading, Time, ErrorMessage, useTitle } from '../parts/basics';
import { Select } from '../parts/form';
import { type Column, Table } from '../parts/table';
import { text } from '../text';
import { AdminTabs } from './admin_tabs';

const t = text.admin;
const most = 1000;
type Event = AnswerOf<'GET /api/v1/admin/audit-log'>['items'][number];

function About({ event }: { event: Event }) {
  return (
    <span class="cut">
      {event.user?.name}
      {event.job && (
        <>
          {' '}
          {event.job.name ? (
            <a href={address(['jobs', event.job.id])}>{event.job.name}</a>
          ) : (
            text.points.goneJob(event.job.id)
          )}
        </>
      )}
      {event.slave?.name && (
        <>
          {' '}
          <a href={address(['slaves', event.slave.id])}>{event.slave.name}</a>
        </>
      )}
    </span>
  );
}

const columns: Column<Event>[] = [
  { id: 'when', title: t.eventColumns.when, cell: (event) => <Time at={event.created_at} /> },
  {
    id: 'what',
    title: t.eventColumns.what,
    kind: 'wide',
    cell: (event) => (
      <span class="cut" title={event.message}>
        {event.message}
      </span>
    ),
  },
  { id: 'about', title: t.eventColumns.about, cell: (event) => <About event={event} />, hide: 'phone' },
];

export function AdminEventsPage() {
  useTitle(t.events);
  const { query } = useAddress();
  const kind = query['kind'] && t.eventKinds[query['kind']] ? query['kind'] : '';
  const live = useLive(
    `events ${kind}`,
    (signal) => ask('GET /api/v1/admin/audit-log', { query: { limit: most, ...(kind ? { kind } : {}) }, signal }),
    10000,
  );
  const rows = live.data?.items ?? [];
  return (
    <>
      <Heading>{t.title}</Heading>
      <AdminTabs here="events" />
      <p class="soft admin-lead">{t.eventsLead}</p>
      <div class="narrow admin-lead">
        <Select
          label={t.kindOfEvent}
          value={kind}
          options={[['', t.anyKind] as const, ...Object.entries(t.eventKinds)]}
          onChange={(next) => setQuery({ kind: next })}
        />
      </div>
      {live.problem && !live.data && <ErrorMessage problem={live.problem} retry={live.refresh} />}
      {!live.data && !live.problem && <Loading />}
      {live.data && rows.length === 0 && <Empty icon="search" title={t.noEvents} />}
      {rows.length > 0 && (
        <Table
          label={t.events}
          rows={rows}
          columns={columns}
          keyOf={(event) => event.id}
          nameOf={(event) => event.message}
          rowHeight={44}
          sort={{ by: '', down: false }}
          onSort={() => undefined}
        />
      )}
    </>
  );
}
