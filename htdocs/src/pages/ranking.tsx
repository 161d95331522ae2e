// Who has rendered most for others. Spending never lowers it, gifts never raise it.
import { ask } from '../api/client';
import { everyPage, useLive } from '../api/live';
import type { AnswerOf } from '../api/routes';
import { useUser } from '../api/session';
import { count, decimal, points } from '../base/format';
import { Empty, Heading, Loading, ErrorMessage, useTitle, userName } from '../parts/basics';
import { type Column, Table } from '../parts/table';
import { text } from '../text';
import { PointsTabs } from './points';

type Ranked = AnswerOf<'GET /api/v1/ranking'>['items'][number];

export function RankingPage() {
  const t = text.points;
  useTitle(t.ranking);
  const user = useUser();
  const list = useLive(
    'ranking',
    (signal) =>
      everyPage((cursor) =>
        ask('GET /api/v1/ranking', { query: { limit: 1000, ...(cursor ? { cursor } : {}) }, signal }),
      ),
    10000,
  );
  const columns: Column<Ranked>[] = [
    { id: 'rank', title: t.columns.place, kind: 'number', cell: (row) => count(row.rank) },
    {
      id: 'name',
      title: t.columns.who,
      kind: 'wide',
      cell: (row) => (row.user.id === user.id ? <strong>{t.you(userName(row.user))}</strong> : userName(row.user)),
    },
    { id: 'total', title: t.total, kind: 'number', cell: (row) => points(row.total_millipoints) },
    { id: 'weight', title: t.weight, kind: 'number', cell: (row) => decimal(row.weight), hide: 'phone' },
  ];
  const rows = list.data ?? [];
  return (
    <>
      <Heading lead={t.rankingLead}>{t.ranking}</Heading>
      <PointsTabs here="ranking" />
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && rows.length === 0 && (
        <Empty icon="points" title={t.nobody}>
          <p class="soft">{t.emptyBody}</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <Table
          label={t.ranking}
          rows={rows}
          columns={columns}
          keyOf={(row) => row.user.id}
          nameOf={(row) => userName(row.user)}
          rowHeight={44}
          sort={{ by: '', down: false }}
          onSort={() => undefined}
        />
      )}
    </>
  );
}
