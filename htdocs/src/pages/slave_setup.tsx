// What one does on the PC itself: a settings file with its key and password, and the line that starts the slave.
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { SlaveCredentialsAnswer } from '../api/routes';
import { CopyLine, Loading, ErrorMessage } from '../parts/basics';
import { Icon } from '../parts/icons';
import { text } from '../text';
import { save } from './job_downloads';

const file = 'distren-slave.toml';

export function settingsFor(pair: SlaveCredentialsAnswer, server: string, port: number): string {
  const member = (name: string, value: string): string => `${name} = ${JSON.stringify(value)}\n`;
  return (
    `${text.setup.comment(pair.name)}\n${member('server', server)}port = ${port}\n${member(
      'slavekey',
      pair.slavekey,
    )}` + `${member('slavepassword', pair.slavepassword)}${text.setup.ownCertificate}\n`
  );
}

export function SlaveSetup({ pair }: { pair: SlaveCredentialsAnswer }) {
  const status = useLive('status', () => ask('GET /api/v1/grid'), 0);
  if (!status.data) return status.problem ? <ErrorMessage problem={status.problem} retry={status.refresh} /> : <Loading />;
  const server = status.data.public_url ? new URL(status.data.public_url).hostname : location.hostname;
  const settings = settingsFor(pair, server, status.data.line_port || 4554);
  // It begins with a blank, so that most shells leave it out of their history.
  const paste = ` (umask 077; cat >${file} <<'END'\n${settings}END\n) && distren-slave --config ${file}`;
  return (
    <div class="setup">
      <p>
        {text.setup.get} <code>distren-slave</code>.
      </p>
      <p>
        <button
          type="button"
          class="button"
          onClick={() => save(new Blob([settings], { type: 'application/toml' }), file)}
        >
          <Icon name="download" /> {file}
        </button>
        <span class="soft"> {text.setup.start} </span>
        <code>distren-slave --config {file}</code>
      </p>
      <p class="soft">{text.setup.orPaste}</p>
      <CopyLine label={text.setup.line} value={paste} />
      <p class="soft small">{text.setup.secret}</p>
    </div>
  );
}
