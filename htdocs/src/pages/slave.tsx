// One slave: its machine, what it renders, and everything its owner can do with it.
import { useState } from 'preact/hooks';
import { ask, sentence } from '../api/client';
import { applySlaveUpdate } from '../api/events';
import { useLive, useInterest } from '../api/live';
import type { Slave, SlaveCredentialsAnswer } from '../api/routes';
import { useUser } from '../api/session';
import { address } from '../base/address';
import { count, decimal, memory, percent } from '../base/format';
import { Again, Bar, CopyLine, Fact, Heading, Loading, Missing, Time, useTitle, userName } from '../parts/basics';
import { confirmed, Dialog } from '../parts/dialog';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { rendererName } from '../parts/renderer';
import { tried } from '../parts/toast';
import { text } from '../text';
import { SlaveBadge } from './slaves';
import { SlaveResources } from './slave_resources';
import { SlaveMachine } from './slave_machine';
import { SlaveSetup } from './slave_setup';

function Rename({ slave, close }: { slave: Slave; close: () => void }) {
  const [name, setName] = useState(slave.name);
  const save = async (): Promise<void> => {
    await ask('PATCH /api/v1/slaves/{slave_id}', { path: { slave_id: slave.id }, body: { name } });
    close();
  };
  return (
    <Dialog title={text.slaves.rename} onClose={close}>
      <Form
        submit={text.save}
        onSubmit={save}
        beside={
          <button type="button" class="button" onClick={close}>
            {text.no}
          </button>
        }
      >
        <Field label={text.slaves.name} value={name} onInput={setName} more={{ required: true, maxLength: 64 }} />
      </Form>
    </Dialog>
  );
}

function Work({ slave }: { slave: Slave }) {
  if (slave.current_tasks.length === 0) return null;
  return (
    <section class="section">
      <h2>{text.slaves.workNow}</h2>
      <ul class="works">
        {slave.current_tasks.map((work) => (
          <li key={work.task_id} class="card">
            <div class="between">
              <a href={address(['jobs', work.job_id], { frame: work.frame })}>
                {text.slaves.frameOf(work.frame, work.job_id)}
              </a>
              <span class="figure">{percent(work.progress)}</span>
            </div>
            <Bar value={work.progress} label={text.slaves.frameOf(work.frame, work.job_id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}


/** Why it idles, or renders what it renders. */
function Why({ slave }: { slave: Slave }) {
  const why = useLive(
    `why slave ${slave.id}`,
    (signal) => ask('GET /api/v1/slaves/{slave_id}/explain', { path: { slave_id: slave.id }, signal }),
    5000,
  );
  return <p class="soft why">{why.data ? sentence(why.data.message) : ''}</p>;
}

export function SlavePage({ id }: { id: number }) {
  const user = useUser();
  const live = useLive(`slave ${id}`, (signal) => ask('GET /api/v1/slaves/{slave_id}', { path: { slave_id: id }, signal }), 2000, {
    'slave.updated': (update, slave) => (update.id === id ? applySlaveUpdate(slave, update) : undefined),
  });
  const [renaming, setRenaming] = useState(false);
  const [pair, setPair] = useState<SlaveCredentialsAnswer | null>(null);
  const slave = live.data;
  useInterest({ slaves: true, ...(slave && slave.owner.id !== user.id ? { all: true } : {}) });
  useTitle(slave?.name ?? text.slaves.one(id));
  if (!slave)
    return live.problem ? (
      <Missing title={text.slaves.one(id)} problem={live.problem} retry={live.refresh} />
    ) : (
      <Loading />
    );
  const path = { slave_id: id };
  const change = async (state: 'enabled' | 'disabled'): Promise<void> => {
    await tried(
      () => ask(state === 'enabled' ? 'POST /api/v1/slaves/{slave_id}/enable' : 'POST /api/v1/slaves/{slave_id}/disable', { path }),
      text.slaves.changed[state](slave.name),
    );
    live.refresh();
  };
  const rotate = async (): Promise<void> => {
    if (!(await confirmed(text.slaves.rotateTitle(slave.name), text.slaves.rotateBody, text.slaves.rotate))) return;
    await tried(async () => setPair(await ask('POST /api/v1/slaves/{slave_id}/rotate', { path })));
  };
  const revoke = async (): Promise<void> => {
    if (
      !(await confirmed(
        text.slaves.revokeTitle(slave.name),
        text.slaves.revokeBody(count(slave.frames_finished)),
        text.slaves.revoke,
        true,
      ))
    )
      return;
    await tried(() => ask('POST /api/v1/slaves/{slave_id}/revoke', { path }), text.slaves.revoked(slave.name));
    live.refresh();
  };
  const revoked = slave.state === 'revoked';
  return (
    <>
      <p class="crumbs">
        <a href="#/slaves">
          <Icon name="back" /> {text.slaves.title}
        </a>
      </p>
      <Heading
        lead={<SlaveBadge slave={slave} />}
        actions={
          !revoked && (
            <>
              {slave.state === 'enabled' ? (
                <button type="button" class="button" onClick={() => void change('disabled')}>
                  <Icon name="pause" /> {text.slaves.disable}
                </button>
              ) : (
                <button type="button" class="button button-main" onClick={() => void change('enabled')}>
                  <Icon name="play" /> {text.slaves.enable}
                </button>
              )}
              <button type="button" class="button" onClick={() => setRenaming(true)}>
                <Icon name="edit" /> {text.slaves.rename}
              </button>
              <button type="button" class="button" onClick={() => void rotate()}>
                <Icon name="key" /> {text.slaves.rotate}
              </button>
              <button type="button" class="button button-danger" onClick={() => void revoke()}>
                <Icon name="trash" /> {text.slaves.revoke}
              </button>
            </>
          )
        }
      >
        {slave.name}
      </Heading>
      <Again problem={live.problem} />
      {revoked && (
        <div class="notice">
          <Icon name="warning" />
          <p>{text.slaves.isRevoked}</p>
        </div>
      )}
      {slave.state === 'disabled' && (
        <div class="notice">
          <Icon name="pause" />
          <p>{text.slaves.isDisabled}</p>
        </div>
      )}
      {slave.state === 'enabled' && !slave.online && (
        <div class="notice">
          <Icon name="warning" />
          <p>{slave.last_seen_at ? text.slaves.isOffline : text.slaves.isNew}</p>
        </div>
      )}
      {slave.state === 'enabled' && slave.online && <Why slave={slave} />}
      <Work slave={slave} />
      <SlaveMachine slave={slave} />
      {!revoked && <SlaveResources slave={slave} changed={live.refresh} />}
      <section class="section">
        <h2>{text.slaves.machine}</h2>
        <dl class="facts card">
          <Fact name={text.slaves.framesDone}>{count(slave.frames_finished)}</Fact>
          <Fact name={text.slaves.lastSeen}>{slave.online ? text.slaves.now : <Time at={slave.last_seen_at} />}</Fact>
          {slave.cpu_model && <Fact name={text.slaves.cpu}>{slave.cpu_model}</Fact>}
          {slave.cores !== null && <Fact name={text.slaves.coresLent}>{count(slave.cores)}</Fact>}
          {slave.memory_mib !== null && <Fact name={text.slaves.memoryLent}>{memory(slave.memory_mib)}</Fact>}
          {slave.os && <Fact name={text.slaves.os}>{slave.os}</Fact>}
          {slave.gpus.length > 0 && <Fact name={text.slaves.gpus}>{slave.gpus.join(', ')}</Fact>}
          {slave.address && <Fact name={text.slaves.address}>{slave.address}</Fact>}
          {slave.renderers.map((renderer) => (
            <Fact key={rendererName(renderer)} name={rendererName(renderer)}>
              {!renderer.fetched
                ? text.slaves.notFetched
                : renderer.power !== null
                  ? text.slaves.power(decimal(renderer.power))
                  : text.slaves.notMeasured}
              {renderer.engines.length > 0 &&
                `, ${renderer.engines.map((each) => text.engines[each] ?? each).join(', ')}`}
            </Fact>
          ))}
          <Fact name={text.slaves.owner}>{userName(slave.owner)}</Fact>
          <Fact name={text.slaves.addedAt}>
            <Time at={slave.created_at} />
          </Fact>
          <Fact name="slavekey">
            <code class="break">{slave.slavekey}</code>
          </Fact>
        </dl>
      </section>
      {renaming && (
        <Rename
          slave={slave}
          close={() => {
            setRenaming(false);
            live.refresh();
          }}
        />
      )}
      {pair && (
        <Dialog title={text.slaves.newPassword(slave.name)} onClose={() => setPair(null)}>
          <p>{text.slaves.shownOnce}</p>
          <CopyLine label="slavepassword" value={pair.slavepassword} />
          <SlaveSetup pair={pair} />
          <div class="form-end">
            <button type="button" class="button button-main" onClick={() => setPair(null)}>
              {text.done}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
