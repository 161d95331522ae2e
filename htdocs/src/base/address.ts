// Where the reader is: the part of the address after '#', as a path and its query. It stands there so that the pages
// work below any path prefix, and so that what a table is filtered by survives a reload and can be sent to somebody.
import { Store, useStore } from './store';

export interface Address {
  path: string[]; // without empty parts; [] is home
  query: Record<string, string>;
}

export function parseAddress(hash: string): Address {
  const [path, query] = hash.replace(/^#\/?/, '').split('?', 2) as [string, string | undefined];
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query ?? '')),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** '#/jobs/5?state=active'; members of the query that are empty are left out. */
export function address(
  path: (string | number)[],
  query: Record<string, string | number | null | undefined> = {},
): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return '#/' + path.map((part) => encodeURIComponent(String(part))).join('/') + (text ? '?' + text : '');
}

export const here = new Store<Address>(parseAddress(location.hash));

window.addEventListener('hashchange', () => here.set(parseAddress(location.hash)));

export const useAddress = (): Address => useStore(here);

export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (location.hash === to || (to === '#/' && location.hash === '')) return;
  if (how === 'push') {
    location.hash = to;
    return;
  }
  history.replaceState(null, '', to);
  here.set(parseAddress(to));
}

/** Changes members of the query without a new step in the history; nothing when the reader is on the way elsewhere. */
export function setQuery(change: Record<string, string | number | null | undefined>): void {
  const { path, query } = parseAddress(location.hash);
  if (path.join('/') !== here.value.path.join('/')) return;
  go(address(path, { ...query, ...change }), 'replace');
}
