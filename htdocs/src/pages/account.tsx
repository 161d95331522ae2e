// My account: how the pages look, the keys that programs use in my name, and the way out.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { AnswerOf, Scope, Token } from '../api/routes';
import { logOut, moderates, useUser, type LoggedIn } from '../api/session';
import { useStore } from '../base/store';
import { theme, type Theme } from '../base/theme';
import { CopyLine, Empty, Heading, Loading, Switch, Time, ErrorMessage, useTitle } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Check, Field, Form, Select } from '../parts/form';
import { Icon } from '../parts/icons';
import { tried } from '../parts/toast';
import { text } from '../text';
import { DeleteAccount, Password, Sessions } from './account_logins';
import { Notifications } from './account_notifications';
import { Webhooks } from './account_webhooks';

const scopes: readonly Scope[] = [
  'jobs:read',
  'jobs:write',
  'files:write',
  'slaves:read',
  'slaves:write',
  'points:read',
  'points:write',
  'account:read',
  'account:write',
];
const offered = (user: LoggedIn): readonly Scope[] => (moderates(user) ? [...scopes, 'grid:admin'] : scopes);
const themes: readonly (readonly [Theme, string])[] = [
  ['auto', text.account.themes.auto],
  ['light', text.account.themes.light],
  ['dark', text.account.themes.dark],
];
type Days = '30' | '90' | '365' | '';
const lifetimes: readonly (readonly [Days, string])[] = [
  ['30', text.account.afterDays(30)],
  ['90', text.account.afterDays(90)],
  ['365', text.account.afterDays(365)],
  ['', text.account.never],
];
type NewToken = AnswerOf<'POST /api/v1/tokens'>;

const hasExpired = (token: Token): boolean => token.expires_at !== null && Date.parse(token.expires_at) <= Date.now();

function MakeToken({ made }: { made: (token: NewToken) => void }) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<Scope>>(new Set(['jobs:read']));
  const [days, setDays] = useState<Days>('');
  const choices = offered(useUser());
  const make = async (): Promise<void> => {
    made(
      await ask('POST /api/v1/tokens', {
        body: {
          name: name.trim(),
          scopes: choices.filter((scope) => chosen.has(scope)),
          expires_at: days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
        },
      }),
    );
    setName('');
  };
  return (
    <Form submit={text.account.makeToken} onSubmit={make} disabled={name.trim() === '' || chosen.size === 0}>
      <Field
        label={text.account.tokenName}
        value={name}
        onInput={setName}
        hint={text.account.tokenNameHint}
        more={{ maxLength: 100 }}
      />
      <fieldset>
        <legend>{text.account.mayDo}</legend>
        {choices.map((scope) => (
          <Check
            key={scope}
            label={text.account.scopes[scope]}
            checked={chosen.has(scope)}
            onChange={(on) => {
              const next = new Set(chosen);
              if (on) next.add(scope);
              else next.delete(scope);
              setChosen(next);
            }}
          />
        ))}
      </fieldset>
      <Select label={text.account.expires} value={days} options={lifetimes} onChange={setDays} />
    </Form>
  );
}

function Tokens() {
  const list = useLive('tokens', () => ask('GET /api/v1/tokens'), 0);
  const [made, setMade] = useState<NewToken | null>(null);
  const revoke = async (token: Token): Promise<void> => {
    if (!(await confirmed(text.account.revokeTitle(token.name), text.account.revokeBody, text.account.revoke, true)))
      return;
    await tried(
      () => ask('DELETE /api/v1/tokens/{token_id}', { path: { token_id: token.id } }),
      text.account.revoked(token.name),
    );
    list.refresh();
  };
  const items = list.data?.items ?? [];
  return (
    <section class="section">
      <h2>{text.account.tokens}</h2>
      <p class="soft">{text.account.tokensLead}</p>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && items.length === 0 && <Empty icon="key" title={text.account.noTokens} />}
      {items.length > 0 && (
        <ul class="lines card">
          {items.map((token) => (
            <li key={token.id}>
              <div>
                <strong class="break">{token.name}</strong>
                <p class="soft">{token.scopes.map((scope) => text.account.scopes[scope]).join(' · ')}</p>
                <p class="soft small">
                  {text.account.made} <Time at={token.created_at} />, {text.account.lastUsed}{' '}
                  {token.last_used_at ? <Time at={token.last_used_at} /> : text.account.never}
                  {token.expires_at && (
                    <>
                      , {hasExpired(token) ? text.account.expired : text.account.expires.toLowerCase()}{' '}
                      <Time at={token.expires_at} />
                    </>
                  )}
                </p>
              </div>
              <button
                type="button"
                class="button button-danger"
                aria-label={text.account.revokeThe(token.name)}
                onClick={() => void revoke(token)}
              >
                {text.account.revoke}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="card narrow">
        <h3>{text.account.newToken}</h3>
        <MakeToken
          made={(token) => {
            setMade(token);
            list.refresh();
          }}
        />
      </div>
      {made && (
        <Dialog title={text.account.madeTitle(made.name)} onClose={() => setMade(null)}>
          <p>{text.account.madeBody}</p>
          <CopyLine label={text.account.secret} value={made.secret} />
          <div class="form-end">
            <button type="button" class="button button-main" onClick={() => setMade(null)}>
              {text.done}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

export function AccountPage() {
  useTitle(text.account.title);
  const user = useUser();
  const chosen = useStore(theme);
  return (
    <>
      <Heading
        lead={text.account.roles[user.role]}
        actions={
          <button type="button" class="button" onClick={() => void tried(logOut)}>
            <Icon name="cancel" /> {text.account.logOut}
          </button>
        }
      >
        {user.name}
      </Heading>
      <section class="section">
        <h2>{text.account.look}</h2>
        <Switch label={text.account.look} value={chosen} options={themes} onChange={(value) => theme.set(value)} />
      </section>
      <Notifications />
      <Webhooks />
      <Tokens />
      <Sessions />
      <Password />
      <DeleteAccount />
    </>
  );
}
