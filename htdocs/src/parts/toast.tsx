// Short notes at the foot of the page: what was done, or why it was not. Bad news stay until they are closed.
import { Store, useStore } from '../base/store';
import { messageOf } from '../api/client';
import { text } from '../text';
import { Icon } from './icons';

interface Note {
  id: number;
  words: string;
  bad: boolean;
}

const notes = new Store<Note[]>([]);
let lastId = 0;

function close(id: number): void {
  notes.set(notes.value.filter((note) => note.id !== id));
}

export function showToast(words: string, bad = false): void {
  lastId += 1;
  const id = lastId;
  notes.set([...notes.value.filter((note) => note.words !== words).slice(-3), { id, words, bad }]);
  if (!bad) window.setTimeout(() => close(id), 5000);
}

/** Runs something that may fail; a toast shows the error. Resolves to whether it succeeded. */
export async function tried(action: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await action();
    if (done) showToast(done);
    return true;
  } catch (problem) {
    showToast(messageOf(problem), true);
    return false;
  }
}

export function Toasts() {
  const shown = useStore(notes);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((note) => (
        <div key={note.id} class={note.bad ? 'toast toast-bad' : 'toast'}>
          <Icon name={note.bad ? 'warning' : 'check'} />
          <span>{note.words}</span>
          <button type="button" class="plain" aria-label={text.close} onClick={() => close(note.id)}>
            <Icon name="cancel" />
          </button>
        </div>
      ))}
    </div>
  );
}
