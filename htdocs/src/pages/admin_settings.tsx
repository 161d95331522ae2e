// Settings: those that hold at once when they are saved, and below what only the file says.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useLive } from '../api/live';
import type { Setting } from '../api/routes';
import { Fact, Heading, Loading, ErrorMessage, useTitle } from '../parts/basics';
import { Check, Field, Form } from '../parts/form';
import { showToast, tried } from '../parts/toast';
import { text } from '../text';
import { AdminTabs } from './admin_tabs';

const t = text.admin;

const words = (value: Setting['value']): string =>
  typeof value === 'boolean' ? (value ? t.yes : t.noWord) : value === '' ? '–' : String(value);

function Editor({ setting, changed }: { setting: Setting; changed: () => void }) {
  const [title, hint] = t.settingNames[setting.name] ?? [setting.name, ''];
  const [value, setValue] = useState(setting.value);
  const put = async (next: Setting['value'] | null): Promise<void> => {
    const found = await ask('PATCH /api/v1/admin/settings', { body: { [setting.name]: next } });
    const now = found.items.find((each) => each.name === setting.name);
    if (now) setValue(now.value);
    showToast(t.saved(title));
    changed();
  };
  const number = setting.kind === 'number';
  const beyond =
    number && (!Number.isInteger(value) || Number(value) < (setting.minimum ?? 0) || Number(value) > (setting.maximum ?? 0));
  return (
    <section class="card">
      <Form
        submit={t.save}
        onSubmit={() => put(value)}
        disabled={value === setting.value || beyond}
        beside={
          setting.is_overridden && (
            <button type="button" class="button" onClick={() => void tried(() => put(null))}>
              {t.takeBack}
            </button>
          )
        }
      >
        {setting.kind === 'flag' ? (
          <Check label={title} checked={value === true} onChange={setValue} hint={hint} />
        ) : (
          <Field
            label={title}
            value={String(value)}
            type={number ? 'number' : 'text'}
            hint={hint}
            onInput={(next) => setValue(number && next !== '' ? Number(next) : next)}
            more={
              number
                ? { min: setting.minimum ?? 0, max: setting.maximum ?? 0, step: 1 }
                : { minLength: setting.minimum ?? 0, maxLength: setting.maximum ?? 0 }
            }
          />
        )}
        {setting.is_overridden && <p class="soft small">{t.setHere(words(setting.file_value))}</p>}
      </Form>
    </section>
  );
}

export function AdminSettingsPage() {
  useTitle(t.settings);
  const live = useLive('settings', (signal) => ask('GET /api/v1/admin/settings', { signal }), 0);
  const items = live.data?.items ?? [];
  return (
    <>
      <Heading>{t.title}</Heading>
      <AdminTabs here="settings" />
      {live.problem && !live.data && <ErrorMessage problem={live.problem} retry={live.refresh} />}
      {!live.data && !live.problem && <Loading />}
      {live.data && (
        <>
          <p class="soft admin-lead">{t.settingsLead}</p>
          <div class="admin">
            {items
              .filter((setting) => setting.kind !== 'fixed')
              .map((setting) => (
                <Editor key={setting.name} setting={setting} changed={live.refresh} />
              ))}
          </div>
          <section class="section">
            <h2>{t.fixedTitle}</h2>
            <p class="soft admin-lead">{t.fixedLead}</p>
            <dl class="facts card">
              {items
                .filter((setting) => setting.kind === 'fixed')
                .map((setting) => (
                  <Fact key={setting.name} name={setting.name}>
                    <span class="break">{words(setting.value)}</span>
                  </Fact>
                ))}
            </dl>
          </section>
        </>
      )}
    </>
  );
}
