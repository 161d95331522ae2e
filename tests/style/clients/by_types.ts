// A strict client against the types of openapi-typescript, compiled by tests/style/web.sh and run by nobody: it lists jobs, pauses
// one, handles a problem and submits.
import type { Job, NewJob, Problem, paths } from './types';

type Page = paths['/api/v1/jobs']['get']['responses'][200]['content']['application/json'];
type Made = paths['/api/v1/submissions']['post']['responses'][201]['content']['application/json'];

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.title}: ${problem.detail} (${problem.request_id})`);
  }
}

async function call<Answer>(path: keyof paths, method: string, ids: Record<string, number>, body?: unknown): Promise<Answer> {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => String(ids[name]));
  const answer = await fetch(address, { method, body: body === undefined ? null : JSON.stringify(body) });
  if (!answer.ok) throw new Refused((await answer.json()) as Problem);
  return (await answer.json()) as Answer;
}

export async function unfinished(): Promise<string[]> {
  const page = await call<Page>('/api/v1/jobs', 'GET', {});
  const next: string | null = page.next_cursor;
  const names = page.items.filter(job => job.tasks.finished < job.tasks.total).map(job => `${job.owner.name}: ${job.name}`);
  return next === null ? names : [...names, '…'];
}

export async function pause(id: number): Promise<Job | number> {
  try {
    return await call<Job>('/api/v1/jobs/{job_id}/pause', 'POST', { job_id: id });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const code: Problem['code'] = error.problem.code;
    if (code === 'state_conflict') return error.problem.status;
    throw error;
  }
}

export async function submit(sha256: string, size_bytes: number): Promise<number> {
  const job: NewJob = {
    name: 'Opening', main_file: 'opening.blend', frames: '1-3', files: [{ path: 'opening.blend', sha256, size_bytes }],
  };
  const made = await call<Made>('/api/v1/submissions', 'POST', {}, job);
  return made.jobs.length + made.revision;
}
