// Who can get into my account: its logins and its password; and its end.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Session } from '../api/routes';
import { deleteAccount, useUser } from '../api/session';
import { ErrorMessage, Loading, Time } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';

const t = text.account;

function SessionLine({ session, ended }: { session: Session; ended: () => void }) {
  const program = session.user_agent ?? t.unknownProgram;
  const address = session.address ?? '';
  const end = async (): Promise<void> => {
    await tried(() => ask('DELETE /api/v1/sessions/{session_id}', { path: { session_id: session.id } }), t.sessionEnded);
    ended();
  };
  return (
    <li>
      <div>
        <strong class="break">{address}</strong> {session.is_current && <span class="soft">({t.thisSession})</span>}
        <p class="soft small break">{program}</p>
        <p class="soft small">
          {t.loggedIn} <Time at={session.created_at} />, {t.lastSeen} <Time at={session.last_seen_at} />
        </p>
      </div>
      {!session.is_current && (
        <button
          type="button"
          class="button button-danger"
          aria-label={t.endSessionOf(program, address)}
          onClick={() => void end()}
        >
          {t.endSession}
        </button>
      )}
    </li>
  );
}

export function Sessions() {
  const list = useLive('sessions', () => ask('GET /api/v1/sessions'), 0);
  return (
    <section class="section">
      <h2>{t.sessions}</h2>
      <p class="soft">{t.sessionsLead}</p>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && (
        <ul class="lines card">
          {list.data.items.map((session) => (
            <SessionLine key={session.id} session={session} ended={list.refresh} />
          ))}
        </ul>
      )}
    </section>
  );
}

export function Password() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const save = async (): Promise<void> => {
    await ask('PUT /api/v1/users/me/password', { body: { current_password: current, new_password: next } });
    setCurrent('');
    setNext('');
    showToast(t.passwordChanged);
  };
  return (
    <section class="section">
      <h2>{t.password}</h2>
      <div class="card narrow">
        <Form submit={t.changePassword} onSubmit={save} disabled={current === '' || next.length < 8}>
          <Field
            label={t.presentPassword}
            type="password"
            value={current}
            onInput={setCurrent}
            more={{ autocomplete: 'current-password' }}
          />
          <Field
            label={t.newPassword}
            type="password"
            value={next}
            onInput={setNext}
            hint={t.newPasswordHint}
            more={{ autocomplete: 'new-password', minLength: 8 }}
          />
        </Form>
      </div>
    </section>
  );
}

export function DeleteAccount() {
  const user = useUser();
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  return (
    <section class="section">
      <h2>{t.deletion}</h2>
      <p class="soft">{t.deletionLead}</p>
      <button type="button" class="button button-danger" onClick={() => setOpen(true)}>
        {t.deletion}
      </button>
      {open && (
        <Dialog title={t.deleteTitle(user.name)} onClose={() => setOpen(false)}>
          <p>{t.deletionLead}</p>
          <Form
            submit={t.deleteYes}
            onSubmit={() => deleteAccount(user.name, password)}
            disabled={password === ''}
            beside={
              <button type="button" class="button" onClick={() => setOpen(false)}>
                {text.no}
              </button>
            }
          >
            <Field
              label={t.currentPassword}
              type="password"
              value={password}
              onInput={setPassword}
              more={{ autocomplete: 'current-password' }}
            />
          </Form>
        </Dialog>
      )}
    </section>
  );
}
