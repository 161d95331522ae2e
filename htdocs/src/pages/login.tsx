// Log in, or make an account. The first account of a grid becomes its administrator, which the page says beforehand.
import { useState } from 'preact/hooks';
import { useLive } from '../api/live';
import { atSlaves } from '../api/events';
import { ask } from '../api/client';
import { logIn, register } from '../api/session';
import { Field, Form } from '../parts/form';
import { Heading, Switch, useTitle } from '../parts/basics';
import { count } from '../base/format';
import { text } from '../text';
import { ForgotForm } from './reset_password';

export function LoginForm() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Form submit={text.login.logIn} onSubmit={() => logIn(name.trim(), password)}>
      <Field
        label={text.login.name}
        value={name}
        onInput={setName}
        more={{ autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: false }}
      />
      <Field
        label={text.login.password}
        value={password}
        onInput={setPassword}
        type="password"
        more={{ autocomplete: 'current-password', required: true }}
      />
    </Form>
  );
}

function RegisterForm({ invitation }: { invitation?: string | undefined }) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const wrongName = name !== '' && !/^[A-Za-z0-9._-]{1,32}$/.test(name);
  return (
    <Form submit={text.login.register} onSubmit={() => register(name, password, email, invitation)} disabled={wrongName}>
      <Field
        label={text.login.name}
        value={name}
        onInput={setName}
        hint={text.login.nameHint}
        problem={wrongName ? text.login.nameProblem : null}
        more={{ autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: false }}
      />
      <Field
        label={text.login.email}
        value={email}
        onInput={setEmail}
        type="email"
        hint={text.login.emailHint}
        more={{ autocomplete: 'email' }}
      />
      <Field
        label={text.login.password}
        value={password}
        onInput={setPassword}
        type="password"
        hint={text.login.passwordHint}
        more={{ autocomplete: 'new-password', required: true, minLength: 8 }}
      />
    </Form>
  );
}

export function LoginPage({ invitation }: { invitation?: string | undefined }) {
  useTitle(text.login.logIn);
  const status = useLive('status', () => ask('GET /api/v1/grid'), 5000);
  const [chosen, setWhat] = useState<'login' | 'register' | null>(null);
  const first = status.data?.user_count === 0;
  const open = first || invitation !== undefined || status.data?.registration !== false;
  const what = chosen ?? (first || invitation !== undefined ? 'register' : 'login');
  return (
    <div class="welcome">
      <Heading lead={first ? text.login.firstLead : text.login.lead}>
        {first ? text.login.firstTitle : text.login.title}
      </Heading>
      <div class="card welcome-card">
        {open ? (
          <Switch
            label={text.login.which}
            value={what}
            onChange={setWhat}
            options={[
              ['login', text.login.logIn],
              ['register', text.login.register],
            ]}
          />
        ) : (
          <p class="soft">{text.login.closed}</p>
        )}
        {what === 'register' && open ? <RegisterForm invitation={invitation} /> : <LoginForm />}
        {what === 'login' && (
          <details>
            <summary>{text.login.forgot}</summary>
            <ForgotForm />
          </details>
        )}
      </div>
      {status.data && (
        <dl class="figures figures-quiet">
          <div>
            <dt>{text.home.slavesOnline}</dt>
            <dd>{count(status.data.slaves.online)}</dd>
          </div>
          <div>
            <dt>{text.home.rendering}</dt>
            <dd>{count(atSlaves(status.data.frames))}</dd>
          </div>
          <div>
            <dt>{text.home.done}</dt>
            <dd>{count(status.data.frames.finished)}</dd>
          </div>
        </dl>
      )}
    </div>
  );
}
