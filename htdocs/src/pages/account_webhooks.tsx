// My webhooks: addresses that events are sent to, and what was sent there.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { AnswerOf, Webhook, WebhookDelivery } from '../api/routes';
import { CopyLine, ErrorMessage, Loading, Time } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Check, Field, Form } from '../parts/form';
import { tried } from '../parts/toast';
import { text } from '../text';

const t = text.webhooks;
const events = [
  'job.created',
  'job.finished',
  'job.failed',
  'job.paused',
  'job.deleted',
  'slave.offline',
  'points.changed',
  'notification.created',
] as const;
type NewWebhook = AnswerOf<'POST /api/v1/webhooks'>;

function MakeWebhook({ made }: { made: (webhook: NewWebhook) => void }) {
  const [url, setUrl] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(['job.finished', 'job.failed', 'job.paused']));
  const make = async (): Promise<void> => {
    made(
      await ask('POST /api/v1/webhooks', {
        body: { url: url.trim(), topics: events.filter((event) => chosen.has(event)) },
      }),
    );
    setUrl('');
  };
  return (
    <Form submit={t.make} onSubmit={make} disabled={url.trim() === '' || chosen.size === 0}>
      <Field label={t.url} value={url} onInput={setUrl} hint={t.urlHint} more={{ maxLength: 1000, inputMode: 'url' }} />
      <fieldset>
        <legend>{t.topics}</legend>
        {events.map((event) => (
          <Check
            key={event}
            label={t.events[event]}
            checked={chosen.has(event)}
            onChange={(on) => {
              const next = new Set(chosen);
              if (on) next.add(event);
              else next.delete(event);
              setChosen(next);
            }}
          />
        ))}
      </fieldset>
    </Form>
  );
}

function Deliveries({ webhook, changed }: { webhook: Webhook; changed: () => void }) {
  const list = useLive(
    `deliveries ${webhook.id}`,
    (signal) =>
      ask('GET /api/v1/webhooks/{webhook_id}/deliveries', {
        path: { webhook_id: webhook.id },
        query: { limit: 20 },
        signal,
      }),
    5000,
  );
  const resend = async (delivery: WebhookDelivery): Promise<void> => {
    await tried(
      () =>
        ask('POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend', {
          path: { webhook_id: webhook.id, delivery_id: delivery.id },
        }),
      t.resent,
    );
    list.refresh();
    changed();
  };
  const items = list.data?.items ?? [];
  if (list.problem && !list.data) return <ErrorMessage problem={list.problem} retry={list.refresh} />;
  if (items.length === 0) return <p class="soft small">{t.nothingSent}</p>;
  return (
    <ul class="lines">
      {items.map((each) => (
        <li key={each.id}>
          <div>
            <span class="break">{each.event}</span>
            <p class="soft small">
              {t.states[each.state]}
              {each.response_status !== null && ` (${each.response_status})`} · <Time at={each.created_at} />
              {each.try_count > 1 && <> · {text.notifications.tries(each.try_count)}</>}
            </p>
            {each.problem && <p class="bad small break">{each.problem}</p>}
          </div>
          {each.state !== 'waiting' && (
            <button
              type="button"
              class="button"
              aria-label={t.resendThe(each.event, each.id)}
              onClick={() => void resend(each)}
            >
              {t.resend}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function One({
  webhook,
  changed,
  shown,
}: {
  webhook: Webhook;
  changed: () => void;
  shown: (webhook: NewWebhook) => void;
}) {
  const path = { webhook_id: webhook.id };
  const [open, setOpen] = useState(false);
  const [tests, setTests] = useState(0);
  const enable = async (on: boolean): Promise<void> => {
    await tried(() => ask('PATCH /api/v1/webhooks/{webhook_id}', { path, body: { is_enabled: on } }), t.saved);
    changed();
  };
  const test = async (): Promise<void> => {
    await tried(() => ask('POST /api/v1/webhooks/{webhook_id}/test', { path }), text.notifications.tested);
    setTests(tests + 1);
    setOpen(true);
  };
  const rotate = async (): Promise<void> => {
    if (!(await confirmed(t.rotateTitle, t.rotateBody, t.rotate))) return;
    await tried(async () => shown(await ask('POST /api/v1/webhooks/{webhook_id}/rotate', { path })), t.saved);
    changed();
  };
  const remove = async (): Promise<void> => {
    if (!(await confirmed(t.deleteTitle, t.deleteBody(webhook.url), t.delete, true))) return;
    await tried(() => ask('DELETE /api/v1/webhooks/{webhook_id}', { path }), t.deleted);
    changed();
  };
  return (
    <li>
      <div>
        <strong class="break">{webhook.url}</strong>
        <p class="soft small break">{webhook.topics.join(' · ') || t.noTopics}</p>
        <p class="soft small">
          {webhook.is_enabled ? t.enabled : t.disabled}
          {webhook.failing_since && (
            <>
              {' · '}
              {t.failing} <Time at={webhook.failing_since} />
            </>
          )}
        </p>
        {webhook.disabled_reason && <p class="bad small break">{webhook.disabled_reason}</p>}
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{text.notifications.history}</summary>
          {open && <Deliveries key={tests} webhook={webhook} changed={changed} />}
        </details>
        <div class="form-end">
          {webhook.is_enabled && (
            <button type="button" class="button" onClick={() => void test()}>
              {text.notifications.test}
            </button>
          )}
          <button type="button" class="button" onClick={() => void enable(!webhook.is_enabled)}>
            {webhook.is_enabled ? t.disable : t.enable}
          </button>
          <button type="button" class="button" onClick={() => void rotate()}>
            {t.rotate}
          </button>
          <button type="button" class="button button-danger" onClick={() => void remove()}>
            {t.delete}
          </button>
        </div>
      </div>
    </li>
  );
}

export function Webhooks() {
  const list = useLive('webhooks', (signal) => ask('GET /api/v1/webhooks', { signal }), 0);
  const [made, setMade] = useState<NewWebhook | null>(null);
  const items = list.data?.items ?? [];
  return (
    <section class="section">
      <h2>{t.title}</h2>
      <p class="soft">{t.lead}</p>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {items.length > 0 && (
        <ul class="lines card">
          {items.map((webhook) => (
            <One key={webhook.id} webhook={webhook} changed={list.refresh} shown={setMade} />
          ))}
        </ul>
      )}
      <div class="card narrow">
        <h3>{t.new}</h3>
        <MakeWebhook
          made={(webhook) => {
            setMade(webhook);
            list.refresh();
          }}
        />
      </div>
      {made && (
        <Dialog title={t.secretTitle} onClose={() => setMade(null)}>
          <p>{t.secretBody}</p>
          <CopyLine label={t.secret} value={made.secret} />
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
