// My notifications: e-mail or browser for each kind; and which were sent.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import { canNotify, showNew } from '../api/notify';
import type { NotificationChoice, NotificationSettingsAnswer } from '../api/routes';
import { useUser } from '../api/session';
import { Loading, Time, ErrorMessage } from '../parts/basics';
import { Form } from '../parts/form';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';
import { ConfirmMail, EmailForm } from './account_mail';

const t = text.notifications;
const kinds = ['job_done', 'job_paused', 'slave_offline', 'points'] as const;
const channels = ['mail', 'browser'] as const;
type Channel = NotificationChoice['channel'];
const keyOf = (kind: string, channel: string): string => `${kind} ${channel}`;

function Choices({
  chosen,
  usable,
  change,
}: {
  chosen: ReadonlySet<string>;
  usable: (channel: Channel) => boolean;
  change: (next: Set<string>) => void;
}) {
  return (
    <table class="plain-table" aria-label={t.table}>
      <thead>
        <tr>
          <td />
          {channels.map((channel) => (
            <th key={channel} scope="col">
              {t.channels[channel]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {kinds.map((kind) => (
          <tr key={kind}>
            <th scope="row">{t.kinds[kind]}</th>
            {channels.map((channel) => (
              <td key={channel}>
                <input
                  type="checkbox"
                  aria-label={t.by(t.kinds[kind], t.channels[channel])}
                  checked={chosen.has(keyOf(kind, channel))}
                  disabled={!usable(channel)}
                  onChange={(event) => {
                    const next = new Set(chosen);
                    if (event.currentTarget.checked) next.add(keyOf(kind, channel));
                    else next.delete(keyOf(kind, channel));
                    change(next);
                  }}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BrowserLine() {
  const user = useUser();
  const [can, setCan] = useState(canNotify);
  const allow = async (): Promise<void> => {
    await Notification.requestPermission();
    setCan(canNotify());
    await showNew(user.id).catch(() => 0);
  };
  if (can === 'no') return <p class="soft">{t.browserNone}</p>;
  if (can === 'denied') return <p class="soft">{t.browserDenied}</p>;
  if (can === 'yes') return <p class="soft">{`${t.channels.browser}: ${t.browserHint}`}</p>;
  return (
    <div>
      <button type="button" class="button" onClick={() => void allow()}>
        {t.browserAsk}
      </button>
    </div>
  );
}

function Editor({ found, changed }: { found: NotificationSettingsAnswer; changed: () => void }) {
  const [chosen, setChosen] = useState<Set<string>>(
    () => new Set(found.choices.map((each) => keyOf(each.kind, each.channel))),
  );
  const usable = (channel: Channel): boolean =>
    channel === 'browser' || (found.email_available && found.email !== null);
  const save = async (): Promise<void> => {
    const choices = kinds.flatMap((kind) =>
      channels
        .filter((channel) => usable(channel) && chosen.has(keyOf(kind, channel)))
        .map((channel): NotificationChoice => ({ kind, channel })),
    );
    await ask('PATCH /api/v1/notifications/preferences', {
      body: { choices },
    });
    showToast(t.saved);
    changed();
  };
  return (
    <Form
      submit={t.save}
      onSubmit={save}
      beside={channels
        .filter((channel) => channel === 'mail' && usable(channel) && found.email_confirmed)
        .map((channel) => (
          <button
            key={channel}
            type="button"
            class="button"
            onClick={() => {
              void tried(() => ask('POST /api/v1/notifications/test', { body: { channel } }), t.tested).then(changed);
            }}
          >
            {t.testBy(t.channels[channel])}
          </button>
        ))}
    >
      {!found.email_available && <p class="soft">{t.noMail}</p>}
      <Choices chosen={chosen} usable={usable} change={setChosen} />
      <BrowserLine />
    </Form>
  );
}

export function Notifications() {
  const settings = useLive(
    'notification settings',
    (signal) => ask('GET /api/v1/notifications/preferences', { signal }),
    0,
  );
  const history = useLive(
    'notifications',
    (signal) => ask('GET /api/v1/notifications', { query: { limit: 10 }, signal }),
    5000,
  );
  const [first, setFirst] = useState<NotificationSettingsAnswer | null>(null);
  const [sent, setSent] = useState(false);
  useEffect(() => {
    if (settings.data) setFirst(settings.data);
  }, [settings.data]);
  const changed = (): void => {
    settings.refresh();
    history.refresh();
  };
  const items = history.data?.items ?? [];
  return (
    <section class="section">
      <h2>{t.title}</h2>
      <p class="soft">{t.lead}</p>
      {settings.problem && !first && <ErrorMessage problem={settings.problem} retry={settings.refresh} />}
      {!first && !settings.problem && <Loading />}
      {first && (
        <div class="card notify">
          <EmailForm found={first} changed={changed} sent={setSent} />
          {first.email_available && first.email && !first.email_confirmed && (
            <ConfirmMail key={first.email} email={first.email} sent={sent} changed={changed} />
          )}
          <Editor found={first} changed={changed} />
        </div>
      )}
      {items.length > 0 && (
        <details class="notify">
          <summary>{t.history}</summary>
          <ul class="lines card">
            {items.map((each) => (
              <li key={each.id}>
                <div>
                  <span class="break">{each.message}</span>
                  <p class="soft small">
                    {t.channels[each.channel]} · {t.states[each.state]} · <Time at={each.created_at} />
                    {each.try_count > 1 && <> · {t.tries(each.try_count)}</>}
                  </p>
                  {each.problem && <p class="bad small break">{each.problem}</p>}
                </div>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
