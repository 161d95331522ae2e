// What stands around every page: the grid's name, where one can go, who one is, and whether the server answers.
import type { ComponentChildren } from 'preact';
import { unavailable } from '../api/client';
import { moderates, useMe } from '../api/session';
import { useAddress } from '../base/address';
import { useStore } from '../base/store';
import { Icon, type IconName } from '../parts/icons';
import { text } from '../text';

const places: readonly (readonly [string, string, IconName])[] = [
  ['', text.nav.home, 'home'],
  ['jobs', text.nav.jobs, 'jobs'],
  ['slaves', text.nav.slaves, 'slaves'],
  ['projects', text.nav.projects, 'folder'],
  ['points', text.nav.points, 'points'],
  ['statistics', text.nav.statistics, 'chart'],
];

export function Frame({ children }: { children: ComponentChildren }) {
  const me = useMe();
  const isUnavailable = useStore(unavailable);
  const { path } = useAddress();
  const place = path[0] === 'shots' ? 'projects' : path[0] ?? '';
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>('main h1, main')?.focus();
        }}
      >
        {text.nav.skip}
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="28" height="28" /> {text.product}
        </a>
        {me && (
          <nav class="nav" aria-label={text.nav.label}>
            {places.map(([to, name, icon]) => (
              <a
                key={to}
                href={`#/${to}`}
                class={to === 'projects' || to === 'statistics' ? 'hide-phone' : undefined}
                aria-current={place === to ? 'page' : undefined}
              >
                <Icon name={icon} />
                <span>{name}</span>
              </a>
            ))}
            {moderates(me) && (
              <a href="#/admin" aria-current={place === 'admin' ? 'page' : undefined}>
                <Icon name="shield" />
                <span>{text.nav.admin}</span>
              </a>
            )}
            <a href="#/account" class="nav-me" aria-current={place === 'account' ? 'page' : undefined}>
              <Icon name="user" />
              <span>{me.name}</span>
            </a>
          </nav>
        )}
      </header>
      <div class={isUnavailable ? 'unavailable unavailable-on' : 'unavailable'} role="status">
        {isUnavailable && (
          <p>
            <Icon name="warning" /> {text.unavailable.banner}
          </p>
        )}
      </div>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
