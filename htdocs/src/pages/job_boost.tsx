// Spend points on a job: how much, what it changes, and only then yes.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Forecast, Job } from '../api/routes';
import { duration, points, time } from '../base/format';
import { newKey } from '../base/random';
import { Loading, ErrorMessage } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { showToast } from '../parts/toast';
import { text } from '../text';

function Side({ title, forecast }: { title: string; forecast: Forecast }) {
  const t = text.boost;
  return (
    <div>
      <h3>{title}</h3>
      {forecast ? (
        <dl class="facts">
          <div class="fact">
            <dt>{t.position}</dt>
            <dd class="figure">{forecast.position}</dd>
          </div>
          <div class="fact">
            <dt>{t.boost}</dt>
            <dd class="figure">{t.times(points(1 + forecast.boost))}</dd>
          </div>
          <div class="fact">
            <dt>{t.finish}</dt>
            <dd>
              {forecast.finish_at
                ? t.at(time(forecast.finish_at), duration(Math.max(0, Date.parse(forecast.finish_at) - Date.now())))
                : t.unknown}
            </dd>
          </div>
        </dl>
      ) : (
        <p class="soft">{t.notQueued}</p>
      )}
    </div>
  );
}

export function Boost({ job, close }: { job: Job; close: (done: boolean) => void }) {
  const t = text.boost;
  const [amount, setAmount] = useState('10');
  const [asked, setAsked] = useState('10');
  const [key] = useState(newKey); // a lost answer spends nothing twice
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(amount), 300);
    return () => window.clearTimeout(timer);
  }, [amount]);
  const value = Number(asked);
  const quote = useLive(
    value > 0 ? `quote ${job.id} ${value}` : null,
    (signal) => ask('GET /api/v1/jobs/{job_id}/boosts/quote', { path: { job_id: job.id }, query: { points: value }, signal }),
    0,
  );
  const seen = quote.data;
  const spend = async (): Promise<void> => {
    await ask('POST /api/v1/jobs/{job_id}/boosts', { path: { job_id: job.id }, key, body: { points: Number(amount) } });
    showToast(t.done(points(Number(amount)), job.name));
    close(true);
  };
  return (
    <Dialog title={t.title(job.name)} onClose={() => close(false)}>
      <p class="soft">{t.lead}</p>
      <Form
        submit={t.spend(points(Number(amount) || 0))}
        onSubmit={spend}
        disabled={!(Number(amount) > 0) || amount !== asked || !seen}
        beside={
          <button type="button" class="button" onClick={() => close(false)}>
            {text.no}
          </button>
        }
      >
        <Field
          label={text.points.amount}
          value={amount}
          onInput={setAmount}
          type="number"
          hint={seen ? text.points.have(points(seen.available)) : ' '}
          more={{ min: 0.001, step: 'any', required: true }}
        />
        {quote.problem && <ErrorMessage problem={quote.problem} />}
        {!seen && !quote.problem && value > 0 && <Loading />}
        {seen && (
          <div class="quote" aria-live="polite">
            <Side title={t.now} forecast={seen.now} />
            <Side title={t.then} forecast={seen.then} />
            {seen.remaining !== null && <p class="soft quote-rest">{t.remaining(points(seen.remaining))}</p>}
          </div>
        )}
      </Form>
    </Dialog>
  );
}
