// The status page: public figures for everybody, one's own jobs and their frames after a login.
// Nothing from the server is ever parsed as HTML.

const interval = 3000;
const pictures = /\.(png|jpe?g|webp|bmp)$/i;
const page = (id) => document.getElementById(id);

let csrf = null;      // of the session; null: not logged in
let shownJob = null;  // whose frames are shown
let nextFrames = null;

class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function ask(method, path, body) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (csrf && method !== 'GET') headers['X-CSRF-Token'] = csrf;
  const reply = await fetch('/api/v1/' + path, {
    method, headers, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (reply.status === 204) return null;
  const answer = await reply.json();
  if (!reply.ok) throw new Refused(reply.status, answer.error.message);
  return answer;
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function showFigures(status) {
  document.title = status.name;
  page('name').textContent = status.name;
  page('version').textContent = status.version;
  page('slaves').textContent = `${status.slaves.online} / ${status.slaves.total}`;
  page('active').textContent = status.jobs.active.toLocaleString();
  page('leased').textContent = status.frames.leased.toLocaleString();
  page('ready').textContent = status.frames.ready.toLocaleString();
  page('accepted').textContent = status.frames.accepted.toLocaleString();
}

function jobLine(job) {
  const parts = [`${job.accepted} of ${job.tasks} frames`];
  if (job.leased) parts.push(`${job.leased} being rendered`);
  if (job.failed) parts.push(`${job.failed} failed`);
  const why = job.reason || job.waiting;
  return make('li', { class: 'job' },
    make('div', { class: 'job-head' },
      make('strong', {}, `${job.id} · ${job.name}`),
      make('span', { class: job.state === 'failed' ? 'failed' : 'note' }, job.state)),
    make('progress', { max: 1, value: job.progress, 'aria-label': `progress of job ${job.id}` }),
    make('div', { class: 'job-head' },
      make('span', { class: 'note' }, parts.join(', ') + (why ? ` – ${why}` : '')),
      make('button', { class: 'plain', type: 'button', click: () => showFrames(job) }, 'Frames')));
}

async function refreshJobs() {
  const { items } = await ask('GET', 'jobs?limit=20');
  page('no-jobs').hidden = items.length > 0;
  const focused = document.activeElement?.closest?.('#job-list') ? document.activeElement : null;
  const place = focused ? [...page('job-list').querySelectorAll('button')].indexOf(focused) : -1;
  page('job-list').replaceChildren(...items.map(jobLine));
  if (place >= 0) page('job-list').querySelectorAll('button')[place]?.focus();
}

async function showFrames(job) {
  shownJob = job.id;
  nextFrames = null;
  page('frames').hidden = false;
  page('frames-job').textContent = job.name;
  page('frame-list').replaceChildren();
  await moreFrames();
  page('frames').scrollIntoView({ behavior: 'smooth' });
}

async function moreFrames() {
  const after = nextFrames === null ? '' : `&after=${nextFrames}`;
  const job = shownJob;
  const { items, next } = await ask('GET', `jobs/${job}/output?limit=60${after}`);
  if (job !== shownJob) return;
  for (const frame of items) {
    const picture = pictures.test(frame.name) ? make('img', { src: frame.url, alt: '', loading: 'lazy' }) : '';
    page('frame-list').append(make('a', { href: frame.url, download: frame.name }, picture, frame.name));
  }
  nextFrames = next;
  page('more-frames').hidden = next === null;
  page('no-frames').hidden = page('frame-list').children.length > 0 || next !== null;
}

function showLogin(user) {
  page('login').hidden = user !== null;
  page('jobs').hidden = user === null;
  page('who').hidden = user === null;
  if (user === null) page('frames').hidden = true;
  else page('user').textContent = user.name;
}

async function whoAmI() {
  try {
    const me = await ask('GET', 'me');
    csrf = me.csrf ?? null;
    showLogin(me.user);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    csrf = null;
    showLogin(null);
  }
}

async function refresh() {
  try {
    if (document.hidden) return;
    showFigures(await ask('GET', 'status'));
    if (csrf) await refreshJobs();
    page('away').hidden = true;
  } catch (problem) {
    if (problem.status === 401) await whoAmI().catch(() => {});
    else page('away').hidden = false;
  } finally {
    setTimeout(refresh, interval);
  }
}

page('login-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  page('login-problem').textContent = '';
  try {
    const session = await ask('POST', 'login', { name: form.get('name'), password: form.get('password') });
    csrf = session.csrf;
    event.target.reset();
    showLogin(session.user);
    await refreshJobs();
  } catch (problem) {
    page('login-problem').textContent = problem.message;
  }
});

page('logout').addEventListener('click', async () => {
  await ask('POST', 'logout').catch(() => {});
  csrf = null;
  showLogin(null);
});

page('more-frames').addEventListener('click', () => moreFrames().catch(() => {}));

await whoAmI().catch(() => { page('away').hidden = false; });
refresh();
