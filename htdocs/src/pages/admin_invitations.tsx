// Invitations: who may make an account while registration is closed.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { AnswerOf, Invitation } from '../api/routes';
import { CopyLine, Empty, ErrorMessage, Heading, Loading, Time, useTitle, userName } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { tried } from '../parts/toast';
import { text } from '../text';
import { AdminTabs } from './admin_tabs';

const t = text.invitations;
const day = 86400000;
type NewInvitation = AnswerOf<'POST /api/v1/invitations'>;

function Line({ invitation, changed }: { invitation: Invitation; changed: () => void }) {
  const revoke = async (): Promise<void> => {
    const path = { invitation_id: invitation.id };
    await tried(() => ask('DELETE /api/v1/invitations/{invitation_id}', { path }), t.revoked);
    changed();
  };
  const name = invitation.note ?? t.number(invitation.id);
  return (
    <li>
      <div>
        <strong class="break">{name}</strong>
        <p class="soft small">
          {t.by(userName(invitation.created_by))} <Time at={invitation.created_at} />
          {' · '}
          {invitation.used_by ? t.usedBy(userName(invitation.used_by)) : t.expires}{' '}
          <Time at={invitation.used_at ?? invitation.expires_at} />
        </p>
      </div>
      <button type="button" class="button button-danger" aria-label={t.revokeThe(name)} onClick={() => void revoke()}>
        {t.revoke}
      </button>
    </li>
  );
}

export function AdminInvitationsPage() {
  useTitle(t.title);
  const list = useLive('invitations', (signal) => ask('GET /api/v1/invitations', { query: { limit: 1000 }, signal }), 0);
  const [note, setNote] = useState('');
  const [days, setDays] = useState('7');
  const [made, setMade] = useState<NewInvitation | null>(null);
  const create = async (): Promise<void> => {
    const body = { valid_for_ms: Number(days) * day, ...(note.trim() ? { note: note.trim() } : {}) };
    setMade(await ask('POST /api/v1/invitations', { body }));
    setNote('');
    list.refresh();
  };
  const items = list.data?.items ?? [];
  return (
    <>
      <Heading>{text.admin.title}</Heading>
      <AdminTabs here="invitations" />
      <p class="soft">{t.lead}</p>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && items.length === 0 && <Empty icon="user" title={t.none} />}
      {items.length > 0 && (
        <ul class="lines card">
          {items.map((invitation) => (
            <Line key={invitation.id} invitation={invitation} changed={list.refresh} />
          ))}
        </ul>
      )}
      <div class="card narrow">
        <h2>{t.create}</h2>
        <Form submit={t.make} onSubmit={create} disabled={!(Number(days) >= 1 && Number(days) <= 90)}>
          <Field label={t.note} value={note} onInput={setNote} hint={t.noteHint} more={{ maxLength: 100 }} />
          <Field label={t.days} type="number" value={days} onInput={setDays} more={{ min: 1, max: 90 }} />
        </Form>
      </div>
      {made && (
        <Dialog title={t.madeTitle} onClose={() => setMade(null)}>
          <p>{t.madeBody}</p>
          <CopyLine label={t.link} value={`${document.baseURI.split('#')[0] ?? ''}#/register/${made.secret}`} />
          <div class="form-end">
            <button type="button" class="button button-main" onClick={() => setMade(null)}>
              {text.done}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
