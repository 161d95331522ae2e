// A rendered picture in a box of its own proportions: the box is there before the picture, so nothing jumps. The one
// before stays until the new one has arrived. The server makes small pictures when they are first asked for, a few at a
// time: so they are asked for a few at a time, and again where it was too busy.
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons';

const atOnce = 2;
const triesEach = 6;
const queue: LoadRequest[] = [];
let underWay = 0;

interface LoadRequest {
  source: string;
  tries: number;
  wanted: boolean;
  done: (there: boolean) => void;
}

function next(): void {
  while (underWay < atOnce) {
    const request = queue.shift();
    if (!request) return;
    if (!request.wanted) continue;
    underWay += 1;
    const image = new Image();
    const ended = (there: boolean): void => {
      underWay -= 1;
      request.tries += 1;
      if (!there && request.wanted && request.tries < triesEach) {
        window.setTimeout(() => {
          queue.push(request);
          next();
        }, 400 * 2 ** request.tries);
      } else if (request.wanted) {
        request.done(there);
      }
      next();
    };
    image.onload = () => ended(true);
    image.onerror = () => ended(false);
    image.src = request.source;
  }
}

/** Resolves by done(), unless it is no longer wanted. */
function load(source: string, done: (there: boolean) => void): () => void {
  const request: LoadRequest = { source, tries: 0, wanted: true, done };
  queue.push(request);
  next();
  return () => {
    request.wanted = false;
  };
}

export function Picture({
  src,
  alt,
  ratio,
  small,
}: {
  src: string | null;
  alt: string;
  ratio?: number | undefined;
  small?: boolean;
}) {
  const [shown, setShown] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    setFailed(false);
    if (src === null) {
      setShown(null);
      return undefined;
    }
    return load(src, (there) => (there ? setShown(src) : setFailed(true)));
  }, [src]);
  return (
    <div class={small ? 'picture picture-small' : 'picture'} style={ratio ? { aspectRatio: String(ratio) } : {}}>
      {shown !== null && src !== null ? (
        <img src={shown} alt={alt} draggable={false} />
      ) : (
        <span class={`picture-none ${src !== null && !failed ? 'picture-coming' : ''}`}>
          <Icon name="jobs" />
        </span>
      )}
    </div>
  );
}

export function ratioOf(output: { width?: number; height?: number } | null | undefined): number {
  const { width, height } = output ?? {};
  return width && height ? Math.min(3, Math.max(0.5, width / height)) : 16 / 9;
}
