// Render methods: what this server can hand out, and which versions the slaves have.
import { ask } from '../api/client';
import { useLive } from '../api/live';
import { count, decimal } from '../base/format';
import { Heading, Loading, ErrorMessage, useTitle } from '../parts/basics';
import { text } from '../text';
import { AdminTabs } from './admin_tabs';

const t = text.admin;

export function AdminMethodsPage() {
  useTitle(t.methods);
  const live = useLive('methods', (signal) => ask('GET /api/v1/methods', { signal }), 30000);
  const columns = t.methodColumns;
  return (
    <>
      <Heading>{t.title}</Heading>
      <AdminTabs here="methods" />
      <p class="soft admin-lead">{t.methodsLead}</p>
      {live.problem && !live.data && <ErrorMessage problem={live.problem} retry={live.refresh} />}
      {!live.data && !live.problem && <Loading />}
      <div class="admin">
        {live.data?.items.map((method) => (
          <section key={method.name} class="card">
            <h2>{method.name}</h2>
            {!method.is_defined && <p class="bad">{t.undefinedMethod}</p>}
            {method.is_defined && !method.has_benchmark && <p class="soft">{t.unmeasured}</p>}
            {method.versions.length === 0 ? (
              <p class="soft">{t.noVersions}</p>
            ) : (
              <table class="plain-table">
                <thead>
                  <tr>
                    <th scope="col">{columns.version}</th>
                    <th scope="col">{columns.slaves}</th>
                    <th scope="col">{columns.lately}</th>
                    <th scope="col">{columns.power}</th>
                  </tr>
                </thead>
                <tbody>
                  {method.versions.map((each) => (
                    <tr key={each.version}>
                      <th scope="row">{each.version}</th>
                      <td>{count(each.slave_count)}</td>
                      <td>{count(each.seen_last_day_count)}</td>
                      <td>{each.power === null ? '–' : decimal(each.power)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </section>
        ))}
      </div>
    </>
  );
}
