// Reads files and makes their digests, away from the page's thread. In: {id, file}; out: {id, done} meanwhile, and
// {id, sha256} or {id, problem} at the end. One file after the other.
import { Sha256 } from './sha256';

const piece = 4 << 20;

interface DigestRequest {
  id: number;
  file: File;
}

const answer = (message: unknown): void => (self as unknown as Worker).postMessage(message);

async function digest({ id, file }: DigestRequest): Promise<void> {
  const sum = new Sha256();
  try {
    for (let at = 0; at < file.size; at += piece) {
      sum.update(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
      answer({ id, done: Math.min(at + piece, file.size) });
    }
    answer({ id, sha256: sum.finish() });
  } catch (problem) {
    answer({ id, problem: problem instanceof Error ? problem.message : String(problem) });
  }
}

let queue: Promise<void> = Promise.resolve();
self.addEventListener('message', (event: MessageEvent<DigestRequest>) => {
  queue = queue.then(() => digest(event.data));
});
