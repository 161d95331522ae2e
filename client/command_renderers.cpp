// renderers, renderer: which programs the grid delivers to its slaves; for administrators.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "client/confirm.h"
#include "client/context.h"
#include "client/progress.h"
#include "client/table.h"
#include "client/upload.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

constexpr char const* renderers_path = "/api/v1/renderers";
constexpr std::size_t shown_digits = 12;

std::string path_of(std::int64_t id) {
  return fmt::format("{}/{}", renderers_path, id);
}

std::string renderer_title(std::int64_t id) {
  return fmt::format("renderer {}", id);
}

Result<int> list_renderers(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"RENDERER", Align::right},
               {"METHOD"},
               {"VERSION"},
               {"BUILD"},
               {"PLATFORM"},
               {"SIZE", Align::right},
               {"STATE"},
               {"SLAVES", Align::right},
               {"JOBS", Align::right}});
  Json items = Json::array();
  auto listed = session->each_item(renderers_path, "the renderers", [&](Json const& each) {
    items.push_back(each);
    table.add({id_of(each), text_of(each, "method"), text_of(each, "version"),
               text_of(each, "build").substr(0, shown_digits), text_of(each, "platform"),
               human_size(number_of(each, "size_bytes")), each.value("enabled", true) ? "enabled" : "disabled",
               fmt::to_string(number_of(each, "slave_count")), fmt::to_string(number_of(each, "job_count"))});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty()
                                        ? "The grid delivers no renderers; add one with: distren renderer add "
                                          "blender-4.3.2-linux-x64.tar.xz\n"
                                        : table.text());
  return exit_ok;
}

std::string describe_renderer(Json const& renderer) {
  std::string text;
  auto const line = [&text](char const* title, std::string const& value) {
    if (!value.empty()) text += fmt::format("{:<16} {}\n", title, value);
  };
  line("renderer", fmt::format("{} {} {}", id_of(renderer), text_of(renderer, "method"), text_of(renderer, "version")));
  line("build", text_of(renderer, "build"));
  line("file", text_of(renderer, "file_name"));
  line("platform", fmt::format("{}, {}", text_of(renderer, "platform"),
                               text_of(renderer, "layout") == "tree" ? "a whole tree" : "libraries of the slave"));
  line("size", fmt::format("{}, {} unpacked", human_size(number_of(renderer, "size_bytes")),
                           human_size(number_of(renderer, "unpacked_bytes"))));
  line("state", renderer.value("enabled", true) ? "enabled" : "disabled: new jobs do not choose it");
  line("added", fmt::format("{} by {}", ago(text_of(renderer, "created_at"), now_ms()),
                            text_of(object_of(renderer, "added_by"), "name")));
  for (auto const& slave : list_of(renderer, "slaves"))
    line("slave", fmt::format("{} {}{}", id_of(slave), text_of(slave, "name"),
                              slave.value("fetched", true) ? "" : " (not fetched yet)"));
  for (auto const& job : list_of(renderer, "jobs"))
    line("job", fmt::format("{} {} ({})", id_of(job), text_of(job, "name"), text_of(job, "state")));
  return text;
}

Result<int> show_renderer(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto renderer = session->get(path_of(id), renderer_title(id));
  if (!renderer) return renderer.error();
  context.print(*renderer, describe_renderer(*renderer));
  return exit_ok;
}

struct NewRenderer {
  std::string file;
  std::string method = "blender";
};

Result<int> add_renderer(Context const& context, NewRenderer const& given) {
  std::error_code error;
  auto const size = std::filesystem::file_size(given.file, error);
  if (error) return fail(Errc::not_found, fmt::format("{}: {}", printable(given.file, 300), error.message()));
  auto session = context.session();
  if (!session) return session.error();
  auto const name = std::filesystem::path(given.file).filename().string();
  std::vector<SourceFile> files{{.path = name, .file = given.file, .size = static_cast<std::int64_t>(size)}};
  Progress progress(progress_on_stderr(context.options.quiet));
  if (auto read = compute_digests(files, progress); !read) return read.error();
  if (auto sent = upload_missing(*session, files, progress); !sent) return sent.error();
  context.note("The server unpacks it and asks it for its version; that takes a minute or two.");
  // With a key: where the answer is long in coming, the same request is asked for again.
  auto made = session->send_once(renderers_path,
                                 Json{{"sha256", files.front().sha256}, {"file_name", name}, {"method", given.method}},
                                 "the renderer");
  if (!made) return made.error();
  context.report(*made, fmt::format("Renderer {}: {} {} for {}, {} unpacked.\n", id_of(*made), text_of(*made, "method"),
                                    text_of(*made, "version"), text_of(*made, "platform"),
                                    human_size(number_of(*made, "unpacked_bytes"))));
  return exit_ok;
}

Result<int> enable_renderer(Context const& context, std::int64_t id, bool enabled) {
  auto session = context.session();
  if (!session) return session.error();
  auto changed = session->send("PATCH", path_of(id), Json{{"enabled", enabled}}, renderer_title(id));
  if (!changed) return changed.error();
  context.report(*changed, fmt::format("Renderer {} {}.\n", id, enabled ? "enabled" : "disabled"));
  return exit_ok;
}

struct Removal {
  std::int64_t id = 0;
  bool force = false;
  bool yes = false;
};

Result<int> remove_renderer(Context const& context, Removal const& removal) {
  auto session = context.session();
  if (!session) return session.error();
  auto const title = renderer_title(removal.id);
  if (!removal.yes) {
    auto const renderer = session->get(path_of(removal.id), title);
    if (!renderer) return renderer.error();
    if (!confirmed(describe_renderer(*renderer), "Remove it?")) return fail(Errc::conflict, "nothing was removed");
  }
  auto const path = path_of(removal.id) + (removal.force ? "?jobs=pause" : "");
  auto gone = session->send("DELETE", path, std::nullopt, title);
  if (!gone) return gone.error();
  context.report({{"id", removal.id}, {"state", "removed"}}, fmt::format("Renderer {} removed.\n", removal.id));
  return exit_ok;
}

}  // namespace

void add_renderer_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto given = std::make_shared<NewRenderer>();
  auto removal = std::make_shared<Removal>();
  auto id = std::make_shared<std::int64_t>(0);
  auto const list = [&context] { context.run = [&context] { return list_renderers(context); }; };
  app.add_subcommand("renderers", "List the renderers that the grid delivers to its slaves")->callback(list);
  auto* renderer =
      app.add_subcommand("renderer", "Add, show or remove a renderer that the grid delivers")->require_subcommand(1);
  renderer->add_subcommand("list", "List them, like distren renderers")->callback(list);
  auto* add = renderer->add_subcommand("add", "Add an archive: an official one, or a whole tree");
  add->add_option("FILE", given->file, "A tar, plain or compressed by gzip, xz or zstd")->required();
  add->add_option("--method", given->method, "Render method that it is for (default blender)");
  add->callback([&context, given] { context.run = [&context, given] { return add_renderer(context, *given); }; });
  auto const numbered = [&](char const* word, char const* help) {
    auto* command = renderer->add_subcommand(word, help);
    command->add_option("RENDERER", *id, "Number of the renderer")->required()->check(CLI::PositiveNumber);
    return command;
  };
  numbered("show", "Show a renderer and who uses it")->callback([&context, id] {
    context.run = [&context, id] { return show_renderer(context, *id); };
  });
  numbered("enable", "Let new jobs choose it again")->callback([&context, id] {
    context.run = [&context, id] { return enable_renderer(context, *id, true); };
  });
  numbered("disable", "Let no new job choose it; jobs that have it keep it")->callback([&context, id] {
    context.run = [&context, id] { return enable_renderer(context, *id, false); };
  });
  auto* remove = renderer->add_subcommand("remove", "Remove a renderer from the grid");
  remove->add_option("RENDERER", removal->id, "Number of the renderer")->required()->check(CLI::PositiveNumber);
  remove->add_flag("--pause-jobs", removal->force, "Also when unfinished jobs need it; they are paused");
  remove->add_flag("-y,--yes", removal->yes, "Do not ask for confirmation");
  remove->callback(
      [&context, removal] { context.run = [&context, removal] { return remove_renderer(context, *removal); }; });
}

}  // namespace distren::client
