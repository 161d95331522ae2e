// The same client against the functions of @hey-api/openapi-ts, compiled by tests/style/web.sh and run by nobody.
import { createSubmission, listJobs, pauseJob } from './functions';
import type { Job, NewJob, Problem } from './functions';

function refused(problem: Problem): Error {
  return new Error(`${problem.title}: ${problem.detail} (${problem.request_id})`);
}

export async function unfinished(): Promise<string[]> {
  const { data, error } = await listJobs({ query: { state: 'active', limit: 100 } });
  if (data === undefined) throw refused(error);
  const next: string | null = data.next_cursor;
  const names = data.items.filter(job => job.tasks.finished < job.tasks.total).map(job => `${job.owner.name}: ${job.name}`);
  return next === null ? names : [...names, '…'];
}

export async function pause(id: number): Promise<Job | number> {
  const { data, error } = await pauseJob({ path: { job_id: id }, headers: { 'If-Match': '"r1"' } });
  if (data !== undefined) return data;
  const code: Problem['code'] = error.code;
  if (code === 'state_conflict') return error.status;
  throw refused(error);
}

export async function submit(sha256: string, size_bytes: number): Promise<number> {
  const body: NewJob = {
    name: 'Opening', main_file: 'opening.blend', frames: '1-3', files: [{ path: 'opening.blend', sha256, size_bytes }],
  };
  const { data, error } = await createSubmission({ body });
  if (data === undefined) throw refused(error);
  return data.jobs.length + data.revision;
}
