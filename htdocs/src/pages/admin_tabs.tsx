// The parts of the administration, for administrators.
import { text } from '../text';

const parts = ['', 'users', 'invitations', 'settings', 'methods', 'events'] as const;

export function AdminTabs({ here }: { here: (typeof parts)[number] }) {
  return (
    <nav class="tabs" aria-label={text.admin.tabsLabel}>
      {parts.map((part) => (
        <a key={part} href={part ? `#/admin/${part}` : '#/admin'} aria-current={here === part ? 'page' : undefined}>
          {text.admin.tabs[part]}
        </a>
      ))}
    </nav>
  );
}
