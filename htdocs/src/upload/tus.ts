// Sends one file by tus 1.0 in the server's parts. Where an upload is known from before (a reload, a lost connection) it
// goes on from where the server is. Lost connections are waited out for as long as the reader is.
import { Unreachable, headersFor, errorOf, ApiError, send, url } from '../api/client';
import { remember, remembered } from '../base/store';

const part = 4 << 20; // the server's limit for one request
const tus = { 'Tus-Resumable': '1.0.0' };
const kept = 200;

// By digest: where an upload goes on. Other tabs use the same, which the server sorts out by offsets.
type Known = Record<string, { path: string; at: number }>;

function known(): Known {
  return remembered<Known>('uploads', {});
}

function note(sha256: string, path: string | null): void {
  const all = known();
  delete all[sha256];
  if (path !== null) all[sha256] = { path, at: Date.now() };
  const newest = Object.entries(all)
    .sort(([, left], [, right]) => right.at - left.at)
    .slice(0, kept);
  remember('uploads', newest.length > 0 ? Object.fromEntries(newest) : null);
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        window.clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

async function request(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Blob | null,
  signal: AbortSignal,
): Promise<Response> {
  const reply = await send(url(path), {
    method,
    headers: { ...tus, ...headersFor(method), ...headers },
    body,
    signal,
  });
  if (!reply.ok) throw await errorOf(reply);
  return reply;
}

const offsetOf = (reply: Response): number => Number(reply.headers.get('Upload-Offset') ?? 0);

async function create(file: File, sha256: string, signal: AbortSignal): Promise<{ path: string; offset: number }> {
  const reply = await request(
    'POST',
    '/api/v1/uploads',
    {
      'Upload-Length': String(file.size),
      'Upload-Metadata': `sha256 ${base64(sha256)},filename ${base64(file.name)}`,
      'Content-Type': 'application/offset+octet-stream',
    },
    file.slice(0, part),
    signal,
  );
  return { path: reply.headers.get('Location') ?? '', offset: offsetOf(reply) };
}

/** Where to go on; null: the server knows nothing of it any more. */
async function find(sha256: string, signal: AbortSignal): Promise<{ path: string; offset: number } | null> {
  const path = known()[sha256]?.path;
  if (path === undefined || !/^\/api\/v1\/uploads\/[0-9a-f]{32}$/.test(path)) return null;
  try {
    return { path, offset: offsetOf(await request('HEAD', path, {}, null, signal)) };
  } catch (problem) {
    if (problem instanceof ApiError) return null;
    throw problem;
  }
}

async function sendOnce(
  file: File,
  sha256: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let place = (await find(sha256, signal)) ?? (await create(file, sha256, signal));
  note(sha256, place.path);
  progress(place.offset);
  while (place.offset < file.size) {
    const reply = await request(
      'PATCH',
      place.path,
      {
        'Upload-Offset': String(place.offset),
        'Content-Type': 'application/offset+octet-stream',
      },
      file.slice(place.offset, place.offset + part),
      signal,
    );
    place = { path: place.path, offset: offsetOf(reply) };
    progress(place.offset);
  }
  note(sha256, null);
}

const passes = (problem: unknown): boolean =>
  problem instanceof Unreachable || (problem instanceof ApiError && [401, 404, 409, 429].includes(problem.status));

export async function upload(
  file: File,
  sha256: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await sendOnce(file, sha256, progress, signal);
      return;
    } catch (problem) {
      if (signal.aborted || !passes(problem)) throw problem;
      if (problem instanceof ApiError && problem.status === 404) note(sha256, null);
      const asked = problem instanceof ApiError ? problem.retryAfter * 1000 : 0;
      await pause(Math.max(asked, Math.min(500 * 2 ** Math.min(tries, 5), 10000)), signal);
      if (signal.aborted) throw problem;
    }
  }
}
