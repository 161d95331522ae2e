// Browser notifications while a page is open: each is shown once, in one of the user's open pages. A page without a
// stream, such as a hidden one, polls.
import { useEffect } from 'preact/hooks';
import { remember, remembered } from '../base/store';
import { text } from '../text';
import { ask } from './client';
import { follow, listening } from './events';

const every = 15000;

export const canNotify = (): 'no' | 'ask' | 'yes' | 'denied' =>
  typeof Notification === 'undefined'
    ? 'no'
    : Notification.permission === 'granted'
      ? 'yes'
      : Notification.permission === 'denied'
        ? 'denied'
        : 'ask';

/** Fetches and shows new notifications; resolves to their number. A lock lets one page at a time do it. */
export async function showNew(user: number): Promise<number> {
  const show = (): Promise<number> => showUnseen(user);
  return 'locks' in navigator ? await navigator.locks.request('distren-notify', show) : show(); // not without TLS
}

async function showUnseen(user: number): Promise<number> {
  const key = `notified-${user}`;
  const seen = Number(remembered<string>(key, '-1'));
  if (!(seen >= 0)) {
    // first use in this browser: nothing older is shown
    remember(key, String((await ask('GET /api/v1/notifications/preferences')).latest_id));
    return 0;
  }
  const { items } = await ask('GET /api/v1/notifications', { query: { channel: 'browser', after_id: seen, limit: 20 } });
  const last = items[items.length - 1];
  // Another page of this user may have been faster.
  if (!last || Number(remembered<string>(key, '-1')) !== seen) return 0;
  remember(key, String(last.id));
  for (const each of items) {
    const shown = new Notification(text.product, { body: each.message, tag: `distren-${each.id}`, icon: 'icon.svg' });
    shown.onclick = () => {
      window.focus();
      if (each.job_id !== null) location.hash = `#/jobs/${each.job_id}`;
      else if (each.slave_id !== null) location.hash = `#/slaves/${each.slave_id}`;
      shown.close();
    };
  }
  return items.length;
}

export function useBrowserNotifications(user: number | null): void {
  useEffect(() => {
    if (user === null || user === 0) return undefined;
    const look = (): void => {
      if (canNotify() === 'yes') showNew(user).catch(() => undefined); // unavailable or logged out: next time
    };
    look();
    const unfollow = [follow('notification.created', look), follow('everything', look)];
    const timer = window.setInterval(() => {
      if (!listening.value) look();
    }, every);
    return () => {
      window.clearInterval(timer);
      for (const each of unfollow) each();
    };
  }, [user]);
}
