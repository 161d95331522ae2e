#include "common/http/http_download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/files.h"
#include "common/base/text.h"
#include "common/http/http_error.h"

namespace distren {
namespace {

struct PartFile {
  Download const& what;
  std::filesystem::path path;
  FileDescriptor fd;
  std::int64_t position = 0;

  Result<void> open_part() {
    fd = FileDescriptor(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) != 0)
      return fail(Errc::unavailable, fmt::format("cannot write '{}': {}", path.string(), std::strerror(errno)));
    position = status.st_size;
    return position > what.size ? truncate_to(0) : Result<void>();
  }

  Result<void> truncate_to(std::int64_t size) {
    if (ftruncate(fd.get(), size) != 0)
      return fail(Errc::unavailable, fmt::format("cannot shorten '{}': {}", path.string(), std::strerror(errno)));
    position = size;
    return {};
  }

  // A 206 must start where the part ends; a 200 starts over.
  Result<void> begin(HttpClient::Response const& head) {
    if (head.status == 200) return truncate_to(0);
    auto const range = head.header("content-range");
    if (!range.starts_with(fmt::format("bytes {}-", position)))
      return fail(Errc::unavailable, fmt::format("the server sent another part of '{}' than asked for ({})",
                                                 what.path.filename().string(), printable(range, 80)));
    return {};
  }

  Result<void> write_piece(std::string_view piece) {
    if (static_cast<std::int64_t>(piece.size()) > what.size - position)
      return fail(Errc::invalid, fmt::format("the server sends more for '{}' than its {} bytes",
                                             what.path.filename().string(), what.size));
    while (!piece.empty()) {
      auto const written = pwrite(fd.get(), piece.data(), piece.size(), position);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        return fail(Errc::unavailable, fmt::format("cannot write '{}': {}; make room and start again, what arrived "
                                                   "is kept",
                                                   path.string(), std::strerror(errno)));
      position += written;
      piece.remove_prefix(static_cast<std::size_t>(written));
    }
    if (what.received) what.received(position);
    return {};
  }
};

enum class Step { done, again };

// One request. An Error here is final; a lost connection or a busy server is `again`, with the reason in `last`.
Result<Step> fetch(HttpClient& client, PartFile& part, Error& last, std::chrono::milliseconds& wait) {
  HttpClient::Request request;
  request.url = part.what.url;
  request.bearer = part.what.bearer;
  request.answer_limit = 64U << 10U;
  if (part.position > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", part.position));
  std::optional<Error> local;  // ours, not the network's
  HttpClient::Sink const sink{[&](HttpClient::Response const& head) {
                                auto begun = part.begin(head);
                                if (!begun) local = begun.error();
                                return begun;
                              },
                              [&](std::string_view piece) {
                                auto written = part.write_piece(piece);
                                if (!written) local = written.error();
                                return written;
                              }};
  auto response = client.send(request, sink);
  if (local) return *local;
  if (!response) {
    if (response.error().code != Errc::unavailable || client.cancelled()) return response.error();
    last = response.error();
    return Step::again;
  }
  if (response->status == 200 || response->status == 206) {
    if (part.position == part.what.size) return Step::done;
    last = fail(Errc::unavailable, fmt::format("'{}' ended after {} of {} bytes", part.what.path.filename().string(),
                                               part.position, part.what.size));
    return response->status == 200 ? Result<Step>(last) : Result<Step>(Step::again);
  }
  last = refusal(*response, fmt::format("'{}'", part.what.path.filename().string()));
  if (response->status == 416 && part.position > 0) {  // the part is of another file; restart
    auto emptied = part.truncate_to(0);
    return emptied ? Result<Step>(Step::again) : Result<Step>(emptied.error());
  }
  if (last.code != Errc::unavailable) return last;
  wait = std::min(retry_after(*response, wait), std::chrono::milliseconds(60000));
  return Step::again;
}

}  // namespace

Result<void> download(HttpClient& client, Download const& what) {
  auto part_path = what.path;
  part_path += ".part";
  PartFile part{what, part_path, {}};
  if (auto opened = part.open_part(); !opened) return opened;
  Error last;
  auto pause = what.first_pause;
  bool complete = part.position == what.size;
  for (int left = what.tries; !complete; --left) {
    auto const before = part.position;
    auto wait = pause;
    auto step = fetch(client, part, last, wait);
    if (!step) {
      // Too long or starting elsewhere: what is there belongs to no good file.
      if (step.error().code == Errc::invalid) static_cast<void>(part.truncate_to(0));
      return step.error();
    }
    complete = *step == Step::done;
    if (complete) break;
    if (part.position > before) {
      left = what.tries + 1;
      pause = what.first_pause;
    } else {
      if (left <= 1) return last;
      pause = std::min(pause * 2, std::chrono::milliseconds(30000));
    }
    if (!client.pause(wait)) return fail(Errc::unavailable, "interrupted");
  }
  if (what.received) what.received(part.position);
  if (fsync(part.fd.get()) != 0)
    return fail(Errc::unavailable, fmt::format("cannot write '{}': {}", part_path.string(), std::strerror(errno)));
  return rename_durably(part_path, what.path);
}

}  // namespace distren
