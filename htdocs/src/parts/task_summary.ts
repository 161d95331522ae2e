// A frame in one line, for headings and for what appears over a cell.
import type { Task } from '../api/routes';
import { duration, percent } from '../base/format';
import { text } from '../text';

/** State, slave, time taken, failures, warnings. */
export function describeTask(task: Task): string {
  const t = text.frames;
  const parts = [`${t.frame(task.frame)}: ${text.taskStates[task.state]}`];
  if (task.progress !== null && task.progress > 0) parts.push(percent(task.progress));
  if (task.slave?.name) parts.push(t.on(task.slave.name));
  if (task.state === 'finished' && task.wall_ms !== null) parts.push(duration(task.wall_ms));
  if (task.failure_count > 0) parts.push(t.failures(task.failure_count));
  if (task.failure && task.state !== 'finished') parts.push(t.failure(task.failure));
  for (const warning of task.warnings) parts.push(t.warning(warning));
  return parts.join(' · ');
}
