#include "common/process/image_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/base/json_depth.h"
#include "common/base/text.h"
#include "common/process/process.h"
#include "common/process/sandbox.h"

namespace distren {

namespace {

using nlohmann::json;

struct Open {
  std::string program;
  std::unique_ptr<Process> process;
};

Open& open_program() {
  thread_local Open open;
  return open;
}

Result<void> start(ImageDecoder const& decoder) {
  ProcessOptions options;
  options.argv = {decoder.program.string(), "--memory-limit-mib", std::to_string(decoder.memory_mib), "serve"};
  options.error_output = ErrorOutput::discarded;
  options.line_limit = 64U << 10;
  options.tail_lines = 1;
  options.input = true;
  if (decoder.sandboxed)
    if (auto const entered = enter_sandbox(options, {}); !entered) return entered;
  auto process = Process::start(std::move(options));
  if (!process) return process.error();
  open_program() = {decoder.program.string(), std::move(*process)};
  return {};
}

Result<FileDescriptor> open_image(std::filesystem::path const& image) {
  FileDescriptor file(::open(image.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0)
    return fail(Errc::unavailable, fmt::format("cannot open {}: {}", image.string(), std::strerror(errno)));
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "the picture is no plain file");
  return file;
}

// unavailable: the program ended without an answer.
Result<json> ask(ImageDecoder const& decoder, FileDescriptor const& file, ExpectedImage const& expected) {
  Process& process = *open_program().process;
  auto const until = Process::Clock::now() + std::chrono::seconds(decoder.seconds + 10);
  json const request{{"width", expected.width}, {"height", expected.height},  {"format", expected.format},
                     {"code", expected.code},   {"seconds", decoder.seconds}, {"source", expected.source}};
  std::string line;
  if (auto const written = process.write_with(request.dump() + "\n", file.get()); !written) return written.error();
  auto const event = process.next_line(line, until);
  auto answer = parse_shallow_json(line);
  if (event == ProcessEvent::line && answer.is_object()) return answer;
  auto const end = process.stop(true);
  return fail(Errc::unavailable, fmt::format("the decoder {}", end.text()));
}

}  // namespace

void close_image_program() {
  open_program().process.reset();
}

namespace {

ImageFacts facts_of(json const& answer) {
  auto const side = [&answer](char const* name) {
    auto const value = answer.value(name, json());
    return value.is_number_integer() ? value.get<int>() : 0;
  };
  auto const format = answer.value("format", json());
  return {side("width"), side("height"), format.is_string() ? printable(format.get<std::string>(), 20) : ""};
}

}  // namespace

Result<ImageFacts> verify_image(ImageDecoder const& decoder, std::filesystem::path const& image,
                                ExpectedImage const& expected) {
  auto const file = open_image(image);
  if (!file) return file.error();
  if (open_program().program != decoder.program.string()) close_image_program();
  for (bool last = false;; last = true) {
    bool const fresh = !open_program().process;
    if (fresh)
      if (auto const started = start(decoder); !started) return fail(Errc::unavailable, started.error().message);
    auto const answer = ask(decoder, *file, expected);
    if (!answer) {
      close_image_program();
      if (!fresh && !last) continue;  // it may have been killed while it was idle
      return fail(Errc::unavailable, "the picture could not be looked at: " + answer.error().message);
    }
    if (answer->value("ok", json()) == true) return facts_of(*answer);
    auto const error = answer->value("error", json());
    return fail(Errc::invalid,
                "the picture is not usable: " +
                    (error.is_string() ? printable(error.get<std::string>(), 500) : "no reason is given"),
                answer->value("code", json()) == wrong_size_problem ? wrong_size_problem : "");
  }
}

}  // namespace distren
