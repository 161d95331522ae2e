// Which rows of a long list are to be drawn: those that the window shows, and some around. The list scrolls with the
// page, so that the page has one scroll bar on every device.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Slice {
  first: number;
  last: number; // one behind
}

export function useWindowRows<E extends HTMLElement>(
  rows: number,
  rowHeight: number,
  around = 8,
): { slice: Slice; ref: { current: E | null } } {
  const ref = useRef<E | null>(null);
  const [slice, setSlice] = useState<Slice>({ first: 0, last: Math.min(rows, 40) });

  const look = (): void => {
    const element = ref.current;
    if (!element) return;
    const top = element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / rowHeight) - around);
    const last = Math.min(rows, Math.ceil((window.innerHeight - top) / rowHeight) + around);
    setSlice((before) =>
      before.first === first && before.last === last ? before : { first, last: Math.max(first, last) },
    );
  };

  useLayoutEffect(look, [rows, rowHeight]);
  useEffect(() => {
    let frame = 0;
    const later = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    window.addEventListener('scroll', later, { passive: true });
    window.addEventListener('resize', later);
    const observer = new ResizeObserver(later);
    observer.observe(document.body);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener('scroll', later);
      window.removeEventListener('resize', later);
      observer.disconnect();
    };
  }, [rows, rowHeight]);

  const first = Math.min(slice.first, rows);
  return { slice: { first, last: Math.min(Math.max(slice.last, first), rows) }, ref };
}

/** The width of an element, as it changes. */
export function useWidth<E extends HTMLElement>(): { width: number; ref: { current: E | null } } {
  const ref = useRef<E | null>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { width, ref };
}
