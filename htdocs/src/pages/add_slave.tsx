// Add a PC: a name, then what to do on it, then a page that turns green by itself as the PC gets further.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive, useInterest } from '../api/live';
import type { Slave, SlaveCredentialsAnswer } from '../api/routes';
import { address } from '../base/address';
import { Heading, useTitle } from '../parts/basics';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { rendererName } from '../parts/renderer';
import { text } from '../text';
import { SlaveSetup } from './slave_setup';

function Step({
  done,
  active,
  title,
  children,
}: {
  done: boolean;
  active: boolean;
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <li
      class={done ? 'step step-done' : active ? 'step step-active' : 'step'}
      aria-current={active ? 'step' : undefined}
    >
      <span class="step-sign">{done && <Icon name="check" />}</span>
      <div>
        <strong>{title}</strong>
        {done && <span class="unseen"> {text.add.reached}</span>}
        {children}
      </div>
    </li>
  );
}

function Watch({ pair }: { pair: SlaveCredentialsAnswer }) {
  useInterest({ slaves: true });
  const live = useLive(
    `slave ${pair.id}`,
    (signal) => ask('GET /api/v1/slaves/{slave_id}', { path: { slave_id: pair.id }, signal }),
    1500,
    { 'slave.updated': (update) => (update.id === pair.id ? 'ask' : undefined) },
  );
  const slave: Slave | null = live.data;
  const hello = Boolean(slave && (slave.online || slave.renderers.length > 0));
  const renders = Boolean(slave && (slave.current_tasks.length > 0 || slave.frames_finished > 0));
  const done = Boolean(slave && slave.frames_finished > 0);
  return (
    <div class={done ? 'card watch watch-green' : hello ? 'card watch watch-half' : 'card watch'} aria-live="polite">
      <ol class="steps">
        <Step done={hello} active={!hello} title={text.add.hello}>
          {!hello && <p class="soft">{text.add.helloWaits}</p>}
          {hello && slave && (
            <p class="soft">
              {[
                slave.cpu_model,
                text.slaves.cores(slave.cores ?? 0),
                slave.renderers.map(rendererName).join(', '),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          )}
        </Step>
        <Step done={renders} active={hello && !renders} title={text.add.renders}>
          {hello && !renders && <p class="soft">{text.add.rendersWaits}</p>}
        </Step>
        <Step done={done} active={renders && !done} title={text.add.done} />
      </ol>
      {hello && (
        <a class={done ? 'button button-main' : 'button'} href={address(['slaves', pair.id])}>
          {text.add.toSlave(pair.name)}
        </a>
      )}
    </div>
  );
}

export function AddSlavePage() {
  useTitle(text.add.title);
  const [name, setName] = useState('');
  const [pair, setPair] = useState<SlaveCredentialsAnswer | null>(null);
  useEffect(() => {
    if (!pair) return undefined;
    const leave = (event: BeforeUnloadEvent): void => event.preventDefault(); // the password is shown once
    window.addEventListener('beforeunload', leave);
    return () => window.removeEventListener('beforeunload', leave);
  }, [pair]);
  return (
    <>
      <p class="crumbs">
        <a href="#/slaves">
          <Icon name="back" /> {text.slaves.title}
        </a>
      </p>
      <Heading lead={pair ? undefined : text.add.lead}>{pair ? text.add.titleOf(pair.name) : text.add.title}</Heading>
      {pair === null ? (
        <div class="card narrow">
          <Form
            submit={text.add.create}
            disabled={name.trim() === ''}
            onSubmit={async () => setPair(await ask('POST /api/v1/slaves', { body: { name: name.trim() } }))}
          >
            <Field
              label={text.add.name}
              value={name}
              onInput={setName}
              hint={text.add.nameHint}
              more={{ required: true, maxLength: 64 }}
            />
          </Form>
        </div>
      ) : (
        <div class="add-slave">
          <section class="card">
            <h2>{text.add.onThatPc}</h2>
            <SlaveSetup pair={pair} />
          </section>
          <section>
            <h2 class="unseen">{text.add.watch}</h2>
            <Watch pair={pair} />
          </section>
        </div>
      )}
    </>
  );
}
