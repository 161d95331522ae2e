#include "server/store/renderers.h"

#include <fmt/format.h>

namespace distren::store {

Result<std::vector<RendererOffer>> list_renderer_offers(Database& database, std::string_view method) {
  std::vector<RendererOffer> offers;
  auto const listed = database.call("renderer_offer_list", {method}, [&](SqlRow const& row) {
    offers.push_back({row.text(0), row.text(1), row.integer(2) != 0, row.integer(3)});
  });
  if (!listed) return listed.error();
  return offers;
}

Result<std::int64_t> create_renderer(Database& database, std::int64_t administrator, NewRenderer const& renderer) {
  std::int64_t id = 0;
  auto const created = database.call(
      "renderer_create",
      {administrator, std::string_view(renderer.method), std::string_view(renderer.version),
       std::string_view(renderer.build), std::string_view(renderer.file_name), std::string_view(renderer.platform),
       std::string_view(renderer.layout), renderer.unpacked_bytes, std::string_view(renderer.signature)},
      [&](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

Result<std::vector<Renderer>> list_renderers(Database& database, std::int64_t renderer) {
  std::vector<Renderer> renderers;
  auto const listed = database.call("renderer_list", {renderer}, [&](SqlRow const& row) {
    Renderer& each = renderers.emplace_back();
    each.id = row.integer(0);
    each.revision = row.integer(1);
    each.method = row.text(2);
    each.version = row.text(3);
    each.build = row.text(4);
    each.size_bytes = row.integer(5);
    each.unpacked_bytes = row.integer(6);
    each.platform = row.text(7);
    each.layout = row.text(8);
    each.signature = row.text(9);
    each.enabled = row.integer(10) != 0;
    each.file_name = row.text(11);
    each.user = row.integer(12);
    each.user_name = row.text(13);
    each.created_at = row.text(14);
    each.slave_count = row.integer(15);
    each.job_count = row.integer(16);
  });
  if (!listed) return listed.error();
  return renderers;
}

Result<Renderer> show_renderer(Database& database, std::int64_t renderer) {
  auto found = list_renderers(database, renderer == 0 ? -1 : renderer);
  if (!found) return found.error();
  if (found->empty()) return fail(Errc::not_found, fmt::format("there is no renderer {}", renderer));
  return std::move(found->front());
}

Result<std::vector<RendererUser>> list_renderer_users(Database& database, std::int64_t administrator,
                                                      std::int64_t renderer) {
  std::vector<RendererUser> users;
  auto const listed = database.call("renderer_user_list", {administrator, renderer}, [&](SqlRow const& row) {
    users.push_back({row.text(0) == "job", row.integer(1), row.text(2), row.text(3)});
  });
  if (!listed) return listed.error();
  return users;
}

Result<void> change_renderer(Database& database, std::int64_t administrator, std::int64_t renderer, bool enabled) {
  return database.call("renderer_change", {administrator, renderer, std::int64_t{enabled}});
}

Result<std::vector<std::int64_t>> delete_renderer(Database& database, std::int64_t administrator, std::int64_t renderer,
                                                  bool pause_jobs) {
  std::vector<std::int64_t> paused;
  auto const deleted = database.call("renderer_delete", {administrator, renderer, std::int64_t{pause_jobs}},
                                     [&](SqlRow const& row) { paused.push_back(row.integer(0)); });
  if (!deleted) return deleted.error();
  return paused;
}

}  // namespace distren::store
