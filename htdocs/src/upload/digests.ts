// Digests of files, computed by the worker.
interface Answer {
  id: number;
  done?: number;
  sha256?: string;
  problem?: string;
}

let worker: Worker | null = null;
let lastId = 0;
const waiting = new Map<number, (answer: Answer) => void>();

function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL('digest_worker.js', document.baseURI.split('#')[0]));
  worker.onmessage = (event: MessageEvent<Answer>) => waiting.get(event.data.id)?.(event.data);
  worker.onerror = () => {
    for (const [id, respond] of [...waiting]) respond({ id, problem: 'the digest worker could not be started' });
    worker = null;
  };
  return worker;
}

/** 64 hexadecimal digits; fails when the file cannot be read (changed or deleted). */
export function digestOf(file: File, progress: (bytes: number) => void): Promise<string> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, (answer) => {
      if (answer.done !== undefined) {
        progress(answer.done);
        return;
      }
      waiting.delete(id);
      if (answer.sha256 !== undefined) resolve(answer.sha256);
      else reject(new Error(`${file.name}: ${answer.problem ?? 'cannot be read'}`));
    });
    theWorker().postMessage({ id, file });
  });
}
