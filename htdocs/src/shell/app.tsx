// The whole page: who is here decides whether it is a login or the grid; the address decides which page.
import { useEffect, useState } from 'preact/hooks';
import { Unreachable, sessionEnded } from '../api/client';
import type { User } from '../api/routes';
import { useBrowserNotifications } from '../api/notify';
import { findMe, moderates, useMe } from '../api/session';
import { type Address, useAddress } from '../base/address';
import { useStore } from '../base/store';
import { Empty, Heading, Loading, useTitle } from '../parts/basics';
import { Dialog, Questions } from '../parts/dialog';
import { Toasts } from '../parts/toast';
import { AccountPage } from '../pages/account';
import { AddSlavePage } from '../pages/add_slave';
import { AdminPage } from '../pages/admin';
import { AdminEventsPage } from '../pages/admin_events';
import { AdminInvitationsPage } from '../pages/admin_invitations';
import { AdminMethodsPage } from '../pages/admin_methods';
import { AdminRenderersPage } from '../pages/admin_renderers';
import { AdminSettingsPage } from '../pages/admin_settings';
import { AdminUsersPage } from '../pages/admin_users';
import { HomePage } from '../pages/home';
import { JobPage } from '../pages/job';
import { JobsPage } from '../pages/jobs';
import { LoginForm, LoginPage } from '../pages/login';
import { NewJobPage } from '../pages/new_job';
import { PointsPage } from '../pages/points';
import { ProjectPage } from '../pages/project';
import { ProjectsPage } from '../pages/projects';
import { RankingPage } from '../pages/ranking';
import { ResetPage } from '../pages/reset_password';
import { ShotPage } from '../pages/shot';
import { SlavePage } from '../pages/slave';
import { SlavesPage } from '../pages/slaves';
import { StatisticsPage } from '../pages/statistics';
import { text } from '../text';
import { Frame } from './frame';

function NotFound() {
  useTitle(text.notFound.title);
  return (
    <>
      <Heading lead={text.notFound.body}>{text.notFound.title}</Heading>
      <a class="button button-main" href="#/">
        {text.nav.home}
      </a>
    </>
  );
}

function Page({ address, user }: { address: Address; user: User }) {
  const [first, second, ...rest] = address.path;
  const number = Number(second);
  const numbered = second !== undefined && Number.isSafeInteger(number) && number > 0;
  if (rest.length > 0) return <NotFound />;
  if (first === undefined) return <HomePage />;
  if (first === 'jobs' && second === undefined) return <JobsPage />;
  if (first === 'jobs' && second === 'new') return <NewJobPage />;
  if (first === 'jobs' && numbered) return <JobPage key={number} id={number} />;
  if (first === 'slaves' && second === undefined) return <SlavesPage />;
  if (first === 'slaves' && second === 'new') return <AddSlavePage />;
  if (first === 'slaves' && numbered) return <SlavePage key={number} id={number} />;
  if (first === 'projects' && second === undefined) return <ProjectsPage />;
  if (first === 'projects' && numbered) return <ProjectPage key={number} id={number} />;
  if (first === 'shots' && numbered) return <ShotPage key={number} id={number} />;
  if (first === 'points' && second === undefined) return <PointsPage />;
  if (first === 'points' && second === 'ranking') return <RankingPage />;
  if (first === 'statistics' && second === undefined) return <StatisticsPage />;
  if (first === 'register') return <HomePage />; // with an invitation that was just used
  if (first === 'account' && second === undefined) return <AccountPage />;
  if (first === 'admin' && second === undefined && moderates(user)) return <AdminPage />;
  if (first === 'admin' && second === 'invitations' && moderates(user)) return <AdminInvitationsPage />;
  if (first === 'admin' && user.role === 'administrator') {
    if (second === 'users') return <AdminUsersPage />;
    if (second === 'settings') return <AdminSettingsPage />;
    if (second === 'methods') return <AdminMethodsPage />;
    if (second === 'renderers') return <AdminRenderersPage />;
    if (second === 'events') return <AdminEventsPage />;
  }
  return <NotFound />;
}

// A new page begins at its top, with the focus on its heading; a changed filter is no new page.
function useBeginning(path: string): void {
  const [first] = useState(path);
  useEffect(() => {
    if (path === first && document.activeElement === document.body && history.length <= 1) return;
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [path]);
}

function SessionEnded() {
  return (
    <Dialog title={text.login.endedTitle} onClose={() => undefined}>
      <p class="soft">{text.login.endedBody}</p>
      <LoginForm />
    </Dialog>
  );
}

function resetLink({ path }: Address): { id: number; token: string } | null {
  const [first, id, token, ...rest] = path;
  return first === 'reset' && Number(id) > 0 && token && rest.length === 0 ? { id: Number(id), token } : null;
}

export function App() {
  const me = useMe();
  useBrowserNotifications(me?.id ?? null);
  const ended = useStore(sessionEnded);
  const address = useAddress();
  const link = resetLink(address);
  const [problem, setProblem] = useState(false);
  useBeginning(address.path.join('/'));

  useEffect(() => {
    let timer = 0;
    const find = (): void => {
      findMe().then(
        () => setProblem(false),
        (wrong: unknown) => {
          setProblem(wrong instanceof Unreachable);
          timer = window.setTimeout(find, 2000);
        },
      );
    };
    find();
    return () => window.clearTimeout(timer);
  }, []);

  return (
    <Frame>
      {me === undefined &&
        (problem ? (
          <Empty icon="slaves" title={text.unavailable.title}>
            <p class="soft">{text.unavailable.body}</p>
          </Empty>
        ) : (
          <Loading />
        ))}
      {link && <ResetPage id={link.id} token={link.token} />}
      {!link && me === null && <LoginPage invitation={address.path[0] === 'register' ? address.path[1] : undefined} />}
      {!link && me && <Page address={address} user={me} />}
      {me && ended && <SessionEnded />}
      <Questions />
      <Toasts />
    </Frame>
  );
}
