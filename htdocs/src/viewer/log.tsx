// What the renderer of a frame says: live while it renders, else what it said before it failed last.
import { useEffect, useRef } from 'preact/hooks';
import { ask, ApiError } from '../api/client';
import { useLive } from '../api/live';
import type { Task } from '../api/routes';
import { atSlave } from '../api/task_list';
import { text } from '../text';

interface Said {
  live: boolean;
  text: string;
}

async function said(task: number, signal: AbortSignal): Promise<Said | null> {
  try {
    return await ask('GET /api/v1/tasks/{task_id}/log', { path: { task_id: task }, signal });
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return null; // nothing is known, yet
    throw problem;
  }
}

export function TaskLog({ task }: { task: Task }) {
  const t = text.log;
  const rendering = atSlave(task);
  const log = useLive(
    `log ${task.id} ${task.state} ${task.failure_count}`,
    async (signal) => ({ said: await said(task.id, signal) }),
    rendering ? 1500 : 0,
  );
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const words = log.data?.said?.text ?? '';
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [words]);
  return (
    <section class="viewer-log" aria-label={t.title}>
      <p class="viewer-log-head">
        <strong>{t.title}</strong>{' '}
        <span>
          {log.data?.said ? (log.data.said.live ? t.live : t.failed) : log.data ? t.none[task.state] : text.loading}
        </span>
      </p>
      {log.problem && !log.data && <p>{log.problem.message}</p>}
      {words && (
        <pre
          ref={box}
          tabIndex={0}
          aria-label={t.lines}
          onScroll={({ currentTarget: at }) => {
            atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
          }}
        >
          {words}
        </pre>
      )}
    </section>
  );
}
