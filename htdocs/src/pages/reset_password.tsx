// A new password for whoever has lost the old one: asking for the link, and the page that it leads to.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { address, go } from '../base/address';
import { Heading, useTitle } from '../parts/basics';
import { Field, Form } from '../parts/form';
import { showToast } from '../parts/toast';
import { text } from '../text';

const t = text.reset;

export function ForgotForm() {
  const [name, setName] = useState('');
  const [sent, setSent] = useState(false);
  const send = async (): Promise<void> => {
    const given = name.trim();
    await ask('POST /api/v1/password-resets', { body: given.includes('@') ? { email: given } : { name: given } });
    setSent(true);
  };
  if (sent) return <p role="status">{t.sent}</p>;
  return (
    <Form submit={t.send} onSubmit={send} disabled={name.trim() === ''}>
      <Field
        label={t.nameOrEmail}
        value={name}
        onInput={setName}
        hint={t.hint}
        more={{ autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: false, maxLength: 254 }}
      />
    </Form>
  );
}

/** Where the link leads: #/reset/NUMBER/TOKEN, which reaches no server and no log. */
export function ResetPage({ id, token }: { id: number; token: string }) {
  useTitle(t.title);
  const [password, setPassword] = useState('');
  const save = async (): Promise<void> => {
    await ask('POST /api/v1/password-resets/{reset_id}/confirm', {
      path: { reset_id: id },
      body: { token, new_password: password },
    });
    showToast(t.done);
    go(address([]), 'replace'); // the link is not kept in the history
  };
  return (
    <div class="welcome">
      <Heading lead={t.lead}>{t.title}</Heading>
      <div class="card welcome-card">
        <Form submit={t.save} onSubmit={save} disabled={password.length < 8}>
          <Field
            label={text.account.newPassword}
            type="password"
            value={password}
            onInput={setPassword}
            hint={text.account.newPasswordHint}
            more={{ autocomplete: 'new-password', required: true, minLength: 8 }}
          />
        </Form>
      </div>
    </div>
  );
}
