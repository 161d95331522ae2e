// A frame in one line, for headings and for what appears over a cell.
import type { Task } from '../api/routes';
import { duration, percent } from '../base/format';
import { text } from '../text';

/** State, slave, time taken, failures. */
export function describeTask(task: Task): string {
  const t = text.frames;
  const parts = [`${t.frame(task.frame)}: ${text.states[task.state]}`];
  if (task.state === 'leased' && task.fraction !== null) parts.push(percent(task.fraction));
  if (task.slave_name) parts.push(t.on(task.slave_name));
  if (task.state === 'accepted' && task.wall > 0) parts.push(duration(task.wall));
  if (task.failures > 0) parts.push(t.failures(task.failures));
  if (task.reason && task.state !== 'accepted') parts.push(task.reason);
  return parts.join(' · ');
}
