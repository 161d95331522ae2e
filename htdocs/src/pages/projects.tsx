// Projects: what jobs belong together. A list, and a way to begin one.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import { address } from '../base/address';
import { Empty, Heading, Loading, ErrorMessage, useTitle } from '../parts/basics';
import { Field, Form } from '../parts/form';
import { Icon } from '../parts/icons';
import { showToast } from '../parts/toast';
import { text } from '../text';

export function ProjectsPage() {
  useTitle(text.projects.title);
  const list = useLive('projects', () => ask('GET /api/v1/projects'), 10000, {
    'project.updated': () => 'ask',
    'job.created': () => 'ask',
    'job.deleted': () => 'ask',
  });
  const [name, setName] = useState('');
  const items = list.data?.items ?? [];
  const create = async (): Promise<void> => {
    const made = await ask('POST /api/v1/projects', { body: { name: name.trim() } });
    setName('');
    showToast(text.projects.made(made.name));
    list.refresh();
  };
  return (
    <>
      <Heading lead={text.projects.lead}>{text.projects.title}</Heading>
      {list.problem && !list.data && <ErrorMessage problem={list.problem} retry={list.refresh} />}
      {!list.data && !list.problem && <Loading />}
      {list.data && items.length === 0 && (
        <Empty icon="folder" title={text.projects.emptyTitle}>
          <p class="soft">{text.projects.emptyBody}</p>
        </Empty>
      )}
      {items.length > 0 && (
        <ul class="tiles">
          {items.map((project) => (
            <li key={project.id} class="card tile">
              <a class="tile-link" href={address(['projects', project.id])}>
                <Icon name="folder" />
                <strong class="cut">{project.name}</strong>
                <span class="soft">{text.projects.jobs(project.job_count)}</span>
              </a>
              <a
                class="button"
                href={address(['jobs', 'new'], { project: project.id })}
                aria-label={text.projects.newJobIn(project.name)}
              >
                <Icon name="add" /> {text.jobs.create}
              </a>
            </li>
          ))}
        </ul>
      )}
      <section class="section">
        <h2>{text.projects.begin}</h2>
        <div class="card narrow">
          <Form submit={text.projects.create} onSubmit={create} disabled={name.trim() === ''}>
            <Field
              label={text.projects.name}
              value={name}
              onInput={setName}
              more={{ required: true, maxLength: 200 }}
            />
          </Form>
        </div>
      </section>
    </>
  );
}
