// A rendered image in a box of its own proportions: the box exists before the image, so nothing jumps. The previous
// image stays until the new one is loaded. The server creates thumbnails at the first request, a few at a time: so a few are
// requested at a time, and again when it was too busy.
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

/** Calls done() when loaded or given up, unless cancelled by the returned function. */
function load(source: string, done: (there: boolean) => void): () => void {
  const request: LoadRequest = { source, tries: 0, wanted: true, done };
  queue.push(request);
  next();
  return () => {
    request.wanted = false;
  };
}

export function RenderedImage({
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
    <div class={small ? 'image thumbnail' : 'image'} style={ratio ? { aspectRatio: String(ratio) } : {}}>
      {shown !== null && src !== null ? (
        <img src={shown} alt={alt} draggable={false} />
      ) : (
        <span class={`image-none ${src !== null && !failed ? 'image-loading' : ''}`}>
          <Icon name="jobs" />
        </span>
      )}
    </div>
  );
}

export function ratioOf(output: { width: number | null; height: number | null } | null | undefined): number {
  const { width, height } = output ?? {};
  return width && height ? Math.min(3, Math.max(0.5, width / height)) : 16 / 9;
}
