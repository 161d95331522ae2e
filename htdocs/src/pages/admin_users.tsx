// Accounts: who may do what, and who is kept out.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { User } from '../api/routes';
import { useUser } from '../api/session';
import { setQuery, useAddress } from '../base/address';
import { count, points } from '../base/format';
import { Empty, Heading, Loading, Switch, Time, ErrorMessage, useTitle } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';
import { AdminTabs } from './admin_tabs';

const t = text.admin;
const kinds = ['', 'staff', 'blocked'] as const;
const names = { '': t.whichAll, staff: t.whichStaff, blocked: t.whichBlocked };
const roles = ['user', 'moderator', 'administrator'] as const;
const pageSize = 50;

function Block({ account, close, done }: { account: User; close: () => void; done: () => void }) {
  const [reason, setReason] = useState('');
  const block = async (): Promise<void> => {
    await ask('POST /api/v1/users/{user_id}/block', { path: { user_id: account.id }, body: { reason } });
    showToast(t.blocked(account.name));
    done();
  };
  return (
    <Dialog title={t.blockTitle(account.name)} onClose={close}>
      <p>{t.blockBody}</p>
      <Form
        submit={t.block}
        onSubmit={block}
        disabled={reason.trim() === ''}
        beside={
          <button type="button" class="button" onClick={close}>
            {text.no}
          </button>
        }
      >
        <Field
          label={t.blockReason}
          value={reason}
          onInput={setReason}
          hint={t.blockReasonHint}
          more={{ maxLength: 500 }}
        />
      </Form>
    </Dialog>
  );
}

function Line({ account, mine, changed }: { account: User; mine: boolean; changed: () => void }) {
  const [blocking, setBlocking] = useState(false);
  const blocked = account.blocked_at !== null;
  const change = async (role: User['role'], place: HTMLSelectElement): Promise<void> => {
    const title = t.roleTitle(account.name, t.roles[role]);
    const sure = await confirmed(title, t.roleBody[role], t.roleYes, role !== 'user');
    if (sure) {
      await tried(
        () => ask('PATCH /api/v1/users/{user_id}', { path: { user_id: account.id }, body: { role } }),
        t.roleDone(account.name, t.roles[role]),
      );
    }
    place.value = account.role; // until the list says otherwise
    changed();
  };
  const unblock = async (): Promise<void> => {
    await tried(
      () => ask('POST /api/v1/users/{user_id}/unblock', { path: { user_id: account.id } }),
      t.unblocked(account.name),
    );
    changed();
  };
  return (
    <li>
      <div>
        <strong class="break">{account.name}</strong> {account.email && <span class="soft break">{account.email}</span>}
        {blocked && (
          <p class="bad">
            {t.blockedSince} <Time at={account.blocked_at} />: {account.blocked_reason}
          </p>
        )}
        <p class="soft small">
          {t.accountFacts(count(account.job_count ?? 0), count(account.slave_count ?? 0), points(account.total_millipoints))}
          {' · '}
          {t.joined}{' '}
          <Time at={account.created_at} />
        </p>
      </div>
      <div class="actions">
        <select
          class="select"
          aria-label={t.roleOf(account.name)}
          value={account.role}
          disabled={blocked}
          onChange={(event) => void change(event.currentTarget.value as User['role'], event.currentTarget)}
        >
          {roles.map((role) => (
            <option key={role} value={role}>
              {t.roles[role]}
            </option>
          ))}
        </select>
        {blocked ? (
          <button type="button" class="button" aria-label={t.unblockThe(account.name)} onClick={() => void unblock()}>
            {t.unblock}
          </button>
        ) : (
          <button
            type="button"
            class="button button-danger"
            aria-label={t.blockThe(account.name)}
            disabled={mine || account.role === 'administrator'}
            onClick={() => setBlocking(true)}
          >
            {t.block}
          </button>
        )}
      </div>
      {blocking && (
        <Block
          account={account}
          close={() => setBlocking(false)}
          done={() => {
            setBlocking(false);
            changed();
          }}
        />
      )}
    </li>
  );
}

export function AdminUsersPage() {
  useTitle(t.accounts);
  const user = useUser();
  const { query } = useAddress();
  const search = query['search'] ?? '';
  const which = kinds.find((each) => each === query['which']) ?? '';
  const [pages, setPages] = useState(1);
  const [words, setWords] = useState(search);
  useEffect(() => {
    if (words.trim() === search) return undefined;
    const timer = window.setTimeout(() => setQuery({ search: words.trim() }), 200);
    return () => window.clearTimeout(timer);
  }, [words]);
  const list = useLive(
    `accounts ${which} ${pages} ${search}`,
    async (signal) => {
      const items: User[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < pages; page += 1) {
        const found: { items: User[]; next_cursor: string | null } = await ask('GET /api/v1/users', {
          query: {
            limit: pageSize,
            ...(cursor ? { cursor } : {}),
            ...(search ? { q: search } : {}),
            ...(which ? { filter: which } : {}),
          },
          signal,
        });
        items.push(...found.items);
        cursor = found.next_cursor;
        if (cursor === null) break;
      }
      return { items, more: cursor !== null };
    },
    30000,
  );
  const items = list.data?.items ?? [];
  return (
    <>
      <Heading>{t.title}</Heading>
      <AdminTabs here="users" />
      <div class="statistics-bar">
        <label class="search">
          <Icon name="search" />
          <span class="unseen">{t.searchAccounts}</span>
          <input
            type="search"
            placeholder={t.searchAccounts}
            value={words}
            maxLength={60}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
        <Switch
          label={t.which}
          value={which}
          options={kinds.map((each) => [each, names[each]] as const)}
          onChange={(next) => setQuery({ which: next })}
        />
      </div>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && items.length === 0 && <Empty icon="user" title={t.noAccounts} />}
      {items.length > 0 && (
        <ul class="lines card">
          {items.map((account) => (
            <Line key={account.id} account={account} mine={account.id === user.id} changed={list.refresh} />
          ))}
        </ul>
      )}
      {list.data?.more && (
        <button type="button" class="button" onClick={() => setPages(pages + 1)}>
          {t.more}
        </button>
      )}
    </>
  );
}
