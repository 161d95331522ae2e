// A value that components follow: the whole of the page's shared state. Changing it to an equal value tells nobody.
import { useEffect, useState } from 'preact/hooks';

export class Store<T> {
  private followers = new Set<(value: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const follower of [...this.followers]) follower(value);
  }

  follow(follower: (value: T) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    setValue(() => store.value); // it may have changed between drawing and now
    return store.follow((next) => setValue(() => next));
  }, [store]);
  return value;
}

/** A small thing that survives a reload. Storage may be switched off or full: then it does not survive. */
export function remember(key: string, value: unknown): void {
  try {
    if (value === null || value === undefined) localStorage.removeItem('distren.' + key);
    else localStorage.setItem('distren.' + key, JSON.stringify(value));
  } catch {
    // not remembered
  }
}

export function remembered<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem('distren.' + key);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}
