#include "image/write.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "image/image.h"

namespace distren {
namespace {

Result<void> sync_file(std::filesystem::path const& file) {
  int const descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(Errc::unavailable, fmt::format("The image cannot be synced: {}.", strerror(errno)));
  int const failed = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0) return fail(Errc::unavailable, fmt::format("The image cannot be synced: {}.", strerror(failed)));
  return {};
}

Result<void> write_to(std::filesystem::path const& file, std::string_view writer, OIIO::ImageSpec const& spec,
                      void const* pixels) {
  auto output = OIIO::ImageOutput::create(std::string(writer));
  if (!output) return fail(Errc::unavailable, fmt::format("This OpenImageIO cannot write {}.", writer));
  if (!output->open(file.string(), spec) || !output->write_image(spec.format, pixels) || !output->close())
    return fail(Errc::unavailable, fmt::format("The image cannot be written: {}", output->geterror()));
  return sync_file(file);
}

}  // namespace

Result<void> write_image(std::filesystem::path const& out, OIIO::ImageSpec const& spec, void const* pixels) {
  std::string_view const writer = reader_for_suffix(out);
  if (writer.empty())
    return fail(Errc::invalid, fmt::format("'{}' names no image format; end it with .png, .jpg, .exr or .tif.",
                                           out.filename().string()));
  auto temporary = out;
  temporary.replace_filename(fmt::format(".{}.{}.tmp", out.filename().string(), ::getpid()));
  auto written = write_to(temporary, writer, spec, pixels);
  std::error_code code;
  if (written) {
    std::filesystem::rename(temporary, out, code);
    if (!code) return {};
    written = fail(Errc::unavailable, fmt::format("The image cannot be put in its place: {}.", code.message()));
  }
  std::filesystem::remove(temporary, code);
  return written;
}

}  // namespace distren
