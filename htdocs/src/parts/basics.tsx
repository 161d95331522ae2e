// Small pieces that every page is made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf, ApiError } from '../api/client';
import type { Job, JobState } from '../api/routes';
import { exactTime, percent, time } from '../base/format';
import { text } from '../text';
import { Icon, type IconName } from './icons';

/** The page's one heading; it takes the focus when the page changes, so that a screen reader says where one is. */
export function Heading({
  children,
  lead,
  actions,
}: {
  children: ComponentChildren;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <header class="page-head">
      <div class="page-title">
        <h1 tabIndex={-1}>{children}</h1>
        {lead && <p class="soft">{lead}</p>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </header>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} – ${text.product}` : text.product;
  }, [title]);
}

export function StateBadge({ state }: { state: JobState }) {
  return <span class={`badge state-${state}`}>{text.states[state]}</span>;
}

export function ProgressBar({ job }: { job: Job }) {
  const done = job.tasks.total ? job.tasks.finished / job.tasks.total : 0;
  const failed = job.tasks.total ? job.tasks.failed / job.tasks.total : 0;
  return (
    <div
      class={`progress progress-${job.state}`}
      role="progressbar"
      aria-label={text.job.progressOf(job.name)}
      aria-valuenow={Math.floor(job.progress * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={percent(job.progress)}
    >
      <span class="progress-running" style={{ width: `${job.progress * 100}%` }} />
      <span class="progress-done" style={{ width: `${done * 100}%` }} />
      <span class="progress-failed" style={{ width: `${failed * 100}%` }} />
    </div>
  );
}

export function Bar({ value, label }: { value: number; label: string }) {
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.floor(value * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span class="progress-done" style={{ width: `${value * 100}%` }} />
    </div>
  );
}

/** A time as one says it, with the exact one on hover; updated as time passes. */
export function Time({ at }: { at: string | null }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 30000);
    return () => window.clearInterval(timer);
  }, []);
  return at ? (
    <time dateTime={at} title={exactTime(at)}>
      {time(at)}
    </time>
  ) : (
    <span class="soft">–</span>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Over data that are there: an unavailable server has its banner, an ended session its dialog. */
export function Again({ problem }: { problem: Error | null }) {
  return problem instanceof ApiError && problem.status !== 401 ? <ErrorMessage problem={problem} /> : null;
}

/** What went wrong, in words; what is not there any more reads calmer than a fault. */
export function ErrorMessage({ problem, retry }: { problem: Error; retry?: (() => void) | undefined }) {
  const notFound = problem instanceof ApiError && problem.status === 404;
  return (
    <div class={notFound ? 'notice' : 'notice notice-bad'} role="alert">
      <Icon name="warning" />
      <p>{messageOf(problem)}</p>
      {retry && !notFound && (
        <button type="button" class="button" onClick={retry}>
          {text.again}
        </button>
      )}
    </div>
  );
}

/** In the place of a whole page. */
export function Missing({ title, problem, retry }: { title: string; problem: Error; retry: () => void }) {
  return (
    <>
      <Heading>{title}</Heading>
      <ErrorMessage problem={problem} retry={retry} />
    </>
  );
}

export function Loading() {
  return (
    <p class="loading soft" role="status">
      {text.loading}
    </p>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Switch<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <div class="switch" role="group" aria-label={label}>
      {options.map(([each, name]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** Of whom something refers to; the account may have been deleted. */
export const userName = (user: { name: string | null }): string => user.name ?? text.deletedAccount;

/** Something to be copied whole: a key, a line for a terminal. */
export function CopyLine({ value, label }: { value: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      window.setTimeout(() => setCopied(false), 2000);
    } catch {
      setCopied(false); // not allowed here: it can be selected by hand
    }
  };
  return (
    <div class="copy-line">
      <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
        {value}
      </code>
      <button type="button" class="button" onClick={() => void copy()} aria-label={text.copyThe(label)}>
        <Icon name={copied ? 'check' : 'copy'} /> <span aria-live="polite">{copied ? text.copied : text.copy}</span>
      </button>
    </div>
  );
}
