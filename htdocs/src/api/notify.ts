// The browser's own notifications while a page is open: the server tells that something is new for this reader, and it
// is shown once, in one of his open pages. A page without a stream, as a hidden one, asks now and then.
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

/** Asks what came since the last time, and shows it; resolves to how many. All pages hear at once, one asks at a time. */
export async function showNew(user: number): Promise<number> {
  const show = (): Promise<number> => showUnseen(user);
  return 'locks' in navigator ? await navigator.locks.request('distren-notify', show) : show(); // not without TLS
}

async function showUnseen(user: number): Promise<number> {
  const key = `notified-${user}`;
  const seen = Number(remembered<string>(key, '-1'));
  if (!(seen >= 0)) {
    // the first time in this browser: nothing of before
    remember(key, String((await ask('GET /api/v1/notifications/settings')).newest));
    return 0;
  }
  const { items } = await ask('GET /api/v1/notifications', { query: { channel: 'browser', after_id: seen, limit: 20 } });
  const last = items[items.length - 1];
  // Another page of this reader may have been faster.
  if (!last || Number(remembered<string>(key, '-1')) !== seen) return 0;
  remember(key, String(last.id));
  for (const each of items) {
    const shown = new Notification(text.product, { body: each.message, tag: `distren-${each.id}`, icon: 'icon.svg' });
    shown.onclick = () => {
      window.focus();
      if (each.job !== null) location.hash = `#/jobs/${each.job}`;
      else if (each.slave !== null) location.hash = `#/slaves/${each.slave}`;
      shown.close();
    };
  }
  return items.length;
}

export function useBrowserNotifications(user: number | null): void {
  useEffect(() => {
    if (user === null || user === 0) return undefined;
    const look = (): void => {
      if (canNotify() === 'yes') showNew(user).catch(() => undefined); // away or logged out: next time
    };
    look();
    const told = [follow('notification', look), follow('everything', look)];
    const timer = window.setInterval(() => {
      if (!listening.value) look();
    }, every);
    return () => {
      window.clearInterval(timer);
      for (const each of told) each();
    };
  }, [user]);
}
