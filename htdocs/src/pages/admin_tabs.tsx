// The parts of the administration: all of them for administrators, for moderators those that are for them, too.
import { useUser } from '../api/session';
import { text } from '../text';

const parts = ['', 'users', 'invitations', 'settings', 'methods', 'renderers', 'events'] as const;
const moderatorsParts: readonly string[] = ['', 'invitations'];

export function AdminTabs({ here }: { here: (typeof parts)[number] }) {
  const { role } = useUser();
  const shown = parts.filter((part) => role === 'administrator' || moderatorsParts.includes(part));
  return (
    <nav class="tabs" aria-label={text.admin.tabsLabel}>
      {shown.map((part) => (
        <a key={part} href={part ? `#/admin/${part}` : '#/admin'} aria-current={here === part ? 'page' : undefined}>
          {text.admin.tabs[part]}
        </a>
      ))}
    </nav>
  );
}
