// The e-mail address of the account. Is it confirmed? A code is sent there, and given back here.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import type { NotificationSettingsAnswer } from '../api/routes';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';

const t = text.notifications;

/** Sends one and says so; false: it was refused, which was said. */
export async function sendCode(email: string): Promise<boolean> {
  return Boolean(await tried(() => ask('POST /api/v1/users/me/email/send-code'), t.codeSent(email)));
}

/** The password, because whoever has the address can get into the account. */
export function EmailForm({
  found,
  changed,
  sent,
}: {
  found: NotificationSettingsAnswer;
  changed: () => void;
  sent: (code: boolean) => void;
}) {
  const [email, setEmail] = useState(found.email ?? '');
  const [password, setPassword] = useState('');
  const now = email.trim();
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/users/me', { body: { email: now || null, current_password: password } });
    setPassword('');
    showToast(now ? t.emailSaved(now) : t.emailRemoved);
    if (now && found.email_available) sent(await sendCode(now));
    changed();
  };
  return (
    <Form submit={t.saveEmail} onSubmit={save} disabled={now === (found.email ?? '') || password === ''}>
      <Field
        label={t.email}
        type="email"
        value={email}
        onInput={setEmail}
        hint={found.email_confirmed && now === found.email ? t.confirmed : t.emailHint}
        more={{ maxLength: 254, autocomplete: 'email' }}
      />
      {now !== (found.email ?? '') && (
        <Field
          label={text.account.currentPassword}
          type="password"
          value={password}
          onInput={setPassword}
          more={{ autocomplete: 'current-password' }}
        />
      )}
    </Form>
  );
}

/** sent: a code was sent from this page. */
export function ConfirmMail({ email, sent, changed }: { email: string; sent: boolean; changed: () => void }) {
  const [code, setCode] = useState('');
  const [again, setAgain] = useState(sent);
  const confirm = async (): Promise<void> => {
    await ask('POST /api/v1/users/me/email/confirm', { body: { code: code.trim() } });
    showToast(t.confirmedNow(email));
    changed();
  };
  return (
    <div>
      <div class="notice notice-warn">
        <Icon name="warning" />
        <p>{t.unconfirmed(email)}</p>
      </div>
      <Form
        submit={t.confirm}
        onSubmit={confirm}
        disabled={code.trim() === ''}
        beside={
          <button type="button" class="button" onClick={() => void sendCode(email).then((ok) => setAgain(again || ok))}>
            {again || sent ? t.sendCodeAgain : t.sendCode}
          </button>
        }
      >
        <Field
          label={t.code}
          value={code}
          onInput={setCode}
          hint={t.codeHint}
          more={{ maxLength: 20, inputMode: 'numeric', autocomplete: 'one-time-code' }}
        />
      </Form>
    </div>
  );
}
