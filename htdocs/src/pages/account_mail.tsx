// Is the e-mail address confirmed? A code is sent there, and given back here.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';

const t = text.notifications;

/** Sends one and says so; false: it was refused, which was said. */
export async function sendCode(email: string): Promise<boolean> {
  return Boolean(await tried(() => ask('POST /api/v1/users/me/email/send-code'), t.codeSent(email)));
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
