// Dialogs, by the browser's own <dialog>: it keeps the focus inside, closes by Escape and gives the focus back.
// One at a time: ask() opens it from anywhere and promises the answer.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Store, useStore } from '../base/store';
import { text } from '../text';

export function Dialog({
  title,
  onClose,
  children,
  kind = 'dialog',
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  kind?: string;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current && kind === 'dialog') onClose(); // beside it
      }}
    >
      <div class="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

interface Question {
  title: string;
  body: ComponentChildren;
  yes: string;
  danger: boolean;
  answer: (yes: boolean) => void;
}

const question = new Store<Question | null>(null);

/** Resolves to true when the reader agrees. */
export function confirmed(title: string, body: ComponentChildren, yes: string, danger = false): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.set({
      title,
      body,
      yes,
      danger,
      answer: (agreed) => {
        question.set(null);
        resolve(agreed);
      },
    });
  });
}

/** Stands once in the page. */
export function Questions() {
  const asked = useStore(question);
  if (!asked) return null;
  return (
    <Dialog key={asked.title} title={asked.title} onClose={() => asked.answer(false)}>
      <div class="dialog-text">{asked.body}</div>
      <div class="form-end">
        <button
          type="button"
          class={asked.danger ? 'button button-danger' : 'button button-main'}
          onClick={() => asked.answer(true)}
        >
          {asked.yes}
        </button>
        <button type="button" class="button" onClick={() => asked.answer(false)}>
          {text.no}
        </button>
      </div>
    </Dialog>
  );
}
