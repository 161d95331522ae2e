// A rendered picture in a box of its own proportions: the box is there before the picture, so nothing jumps. The one
// before stays until the new one has arrived. The server makes small pictures when they are first asked for, a few at a
// time: so they are asked for a few at a time, and again where it was too busy.
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons';

const atOnce = 2;
const triesEach = 6;
const queue: Wish[] = [];
let underWay = 0;

interface Wish {
  source: string;
  tries: number;
  wanted: boolean;
  done: (there: boolean) => void;
}

function next(): void {
  while (underWay < atOnce) {
    const wish = queue.shift();
    if (!wish) return;
    if (!wish.wanted) continue;
    underWay += 1;
    const image = new Image();
    const ended = (there: boolean): void => {
      underWay -= 1;
      wish.tries += 1;
      if (!there && wish.wanted && wish.tries < triesEach) {
        window.setTimeout(() => {
          queue.push(wish);
          next();
        }, 400 * 2 ** wish.tries);
      } else if (wish.wanted) {
        wish.done(there);
      }
      next();
    };
    image.onload = () => ended(true);
    image.onerror = () => ended(false);
    image.src = wish.source;
  }
}

/** Resolves by done(), unless it is no longer wanted. */
function load(source: string, done: (there: boolean) => void): () => void {
  const wish: Wish = { source, tries: 0, wanted: true, done };
  queue.push(wish);
  next();
  return () => {
    wish.wanted = false;
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
