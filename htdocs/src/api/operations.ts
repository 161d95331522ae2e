// Long work of the server: begun by a request that was answered 202.
import { ask } from './client';
import type { Operation } from './routes';
import { text } from '../text';

/** Waits until it has ended. Throws its problem. */
export async function untilDone(begun: Operation): Promise<Operation> {
  let operation = begun;
  for (let wait = 200; operation.state === 'queued' || operation.state === 'running'; wait = Math.min(wait * 1.5, 3000)) {
    await new Promise((go) => window.setTimeout(go, wait));
    operation = await ask('GET /api/v1/operations/{operation_id}', { path: { operation_id: operation.id } });
  }
  if (operation.state === 'failed') throw new Error(operation.problem?.detail ?? text.unavailable.unreachable);
  return operation;
}
