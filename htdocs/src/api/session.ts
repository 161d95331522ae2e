// Who is logged in here. null: nobody; undefined: not known yet.
import { Store, useStore } from '../base/store';
import { ApiError, ask, sessionEnded, setCsrf } from './client';
import { listen, stopListening } from './events';
import type { SessionAnswer, User } from './routes';

/** What the pages ask of whoever is logged in. */
export type LoggedIn = Pick<User, 'id' | 'name' | 'role'>;

export const me = new Store<User | null | undefined>(undefined);
export const useMe = (): User | null | undefined => useStore(me);

/** Only below App, which asks for a login first. */
export function useUser(): LoggedIn {
  return useStore(me) ?? { id: 0, name: '', role: 'user' };
}

export const moderates = (user: LoggedIn | null | undefined): boolean =>
  user?.role === 'moderator' || user?.role === 'administrator';

export async function findMe(): Promise<void> {
  try {
    const answer = await ask('GET /api/v1/sessions/current');
    setCsrf(answer.csrf);
    me.set(answer.user);
    listen();
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    setCsrf(null);
    me.set(null);
  }
}

function begin(session: SessionAnswer): void {
  const before = me.value;
  setCsrf(session.csrf);
  me.set(session.user);
  sessionEnded.set(false);
  listen();
  // Somebody else logged in over an open page: nothing of the one before may stay on it.
  if (before && before.id !== session.user.id) location.reload();
}

export async function logIn(name: string, password: string): Promise<void> {
  begin(await ask('POST /api/v1/sessions', { body: { name, password, kind: 'cookie' } }));
}

export async function register(name: string, password: string, email: string, invitation?: string): Promise<void> {
  begin(await ask('POST /api/v1/users', { body: { name, password, kind: 'cookie', ...(email ? { email } : {}), ...(invitation ? { invitation } : {}) } }));
}

export async function logOut(): Promise<void> {
  await ask('DELETE /api/v1/sessions/current').catch((problem: unknown) => {
    if (!(problem instanceof ApiError && problem.status === 401)) throw problem;
  });
  leave();
}

/** The server wants a login of the last minutes for it. */
export async function deleteAccount(name: string, password: string): Promise<void> {
  begin(await ask('POST /api/v1/sessions', { body: { name, password, kind: 'cookie' } }));
  await ask('DELETE /api/v1/users/me');
  leave();
}

function leave(): void {
  setCsrf(null);
  sessionEnded.set(false);
  stopListening();
  me.set(null);
}
