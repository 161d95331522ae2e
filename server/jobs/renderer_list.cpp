#include "server/jobs/renderer_list.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "common/base/digest.h"
#include "common/protocol/renderers.h"
#include "server/dispatch/core.h"
#include "server/dispatch/delivered_renderers.h"
#include "server/store/renderers.h"

namespace distren {

void tell_renderers(Database& database, Dispatcher& dispatcher, std::string const& public_key) {
  auto const rows = store::list_renderers(database);
  if (!rows) return spdlog::warn("slaves are not told which renderers there are: {}", rows.error().message);
  std::vector<protocol::RendererBuild> builds;
  // Those that are disabled, too: jobs are pinned to them.
  for (auto const& row : *rows)
    builds.push_back({.method = row.method,
                      .version = row.version,
                      .build = row.build,
                      .size_bytes = row.size_bytes,
                      .unpacked_bytes = row.unpacked_bytes,
                      .platform = row.platform,
                      .signature = to_base64(from_hex(row.signature).value_or(""))});
  dispatcher.tell([key = public_key, builds = std::move(builds)](DispatchCore& core, std::int64_t) {
    set_renderers(core, key, builds);
  });
}

}  // namespace distren
