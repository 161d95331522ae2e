// Spend points on a job: how much, what it changes, and only then yes.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Forecast, Job } from '../api/routes';
import { decimal, duration, millipointsOf, points, time } from '../base/format';
import { newKey } from '../base/random';
import { Loading, ErrorMessage } from '../parts/basics';
import { Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { showToast } from '../parts/toast';
import { text } from '../text';

const inTime = (at: string): string =>
  text.boost.at(time(at), duration(Math.max(0, Date.parse(at) - Date.now())));

function Side({ title, forecast }: { title: string; forecast: Forecast }) {
  const t = text.boost;
  return (
    <div>
      <h3>{title}</h3>
      {forecast ? (
        <dl class="facts">
          <div class="fact">
            <dt>{t.position}</dt>
            <dd class="figure">{forecast.queue_position}</dd>
          </div>
          <div class="fact">
            <dt>{t.boost}</dt>
            <dd class="figure">{t.times(decimal(1 + forecast.boost_factor))}</dd>
          </div>
          <div class="fact">
            <dt>{t.finish}</dt>
            <dd>
              {forecast.estimated_finish_at ? inTime(forecast.estimated_finish_at) : t.unknown}
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
  const value = millipointsOf(asked);
  const millipoints = millipointsOf(amount);
  const quote = useLive(
    value === null ? null : `quote ${job.id} ${value}`,
    (signal) =>
      ask('GET /api/v1/jobs/{job_id}/boosts/quote', {
        path: { job_id: job.id },
        query: { millipoints: value ?? 0 },
        signal,
      }),
    0,
  );
  const seen = quote.data;
  const spend = async (): Promise<void> => {
    if (millipoints === null) return;
    await ask('POST /api/v1/jobs/{job_id}/boosts', { path: { job_id: job.id }, key, body: { millipoints } });
    showToast(t.done(points(millipoints), job.name));
    close(true);
  };
  return (
    <Dialog title={t.title(job.name)} onClose={() => close(false)}>
      <p class="soft">{t.lead}</p>
      <Form
        submit={t.spend(points(millipoints ?? 0))}
        onSubmit={spend}
        disabled={millipoints === null || amount !== asked || !seen}
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
          hint={seen ? text.points.have(points(seen.available_millipoints)) : ' '}
          more={{ min: 0.001, step: 0.001, required: true }}
        />
        {quote.problem && <ErrorMessage problem={quote.problem} />}
        {!seen && !quote.problem && value !== null && <Loading />}
        {seen && (
          <div class="quote" aria-live="polite">
            <Side title={t.now} forecast={seen.current} />
            <Side title={t.then} forecast={seen.boosted} />
            {seen.remaining_millipoints !== null && (
              <p class="soft quote-rest">{t.remaining(points(seen.remaining_millipoints))}</p>
            )}
          </div>
        )}
      </Form>
    </Dialog>
  );
}
