#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "image/commands.h"
#include "image/image.h"

namespace distren {
namespace {

// Of each channel; 1 is the largest 8-bit value.
struct Statistics {
  std::vector<double> sum;
  std::vector<float> low, high;
};

Result<Statistics> read_floats(Image& image) {
  auto const& spec = image.spec();
  auto const channels = static_cast<std::size_t>(spec.nchannels);
  Statistics statistics{std::vector<double>(channels), std::vector<float>(channels, std::numeric_limits<float>::max()),
                        std::vector<float>(channels, std::numeric_limits<float>::lowest())};
  for (int y = 0; y < spec.height; ++y) {
    auto row = image.rows(y, 1);
    if (!row) return row.error();
    float const* pixel = *row;
    for (int x = 0; x < spec.width; ++x)
      for (std::size_t channel = 0; channel < channels; ++channel, ++pixel) {
        float const value = *pixel;
        if (!std::isfinite(value))
          return fail(Errc::invalid, fmt::format("The image has a value that is not a number or infinite, at {},{} in "
                                                 "channel {}.",
                                                 x, y, spec.channel_name(static_cast<int>(channel))));
        statistics.sum[channel] += static_cast<double>(value);
        statistics.low[channel] = std::min(statistics.low[channel], value);
        statistics.high[channel] = std::max(statistics.high[channel], value);
      }
  }
  return statistics;
}

// Most frames are 8-bit, and every one is decoded by slave and server: the checks that would take a third of the time
// are left out.
Result<Statistics> read_bytes(Image& image) {
  auto const& spec = image.spec();
  auto const channels = static_cast<std::size_t>(spec.nchannels), width = static_cast<std::size_t>(spec.width);
  std::vector<std::uint64_t> sum(channels);
  std::vector<unsigned> low(channels, 255), high(channels, 0);
  for (int y = 0; y < spec.height; ++y) {
    auto row = image.bytes(y, 1);
    if (!row) return row.error();
    for (std::size_t channel = 0; channel < channels; ++channel) {
      unsigned char const* value = *row + channel;
      unsigned row_sum = 0, min_value = 255, max_value = 0;  // a row has at max_value max_side values
      for (std::size_t x = 0; x < width; ++x, value += channels) {
        row_sum += *value;
        min_value = std::min<unsigned>(min_value, *value);
        max_value = std::max<unsigned>(max_value, *value);
      }
      sum[channel] += row_sum;
      low[channel] = std::min(low[channel], min_value);
      high[channel] = std::max(high[channel], max_value);
    }
  }
  Statistics statistics;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    statistics.sum.push_back(static_cast<double>(sum[channel]) / 255);
    statistics.low.push_back(static_cast<float>(low[channel]) / 255);
    statistics.high.push_back(static_cast<float>(high[channel]) / 255);
  }
  return statistics;
}

Result<Statistics> read_all(Image& image) {
  auto statistics = image.is_8_bit() ? read_bytes(image) : read_floats(image);
  if (auto end = image.finish(); statistics && !end) return end.error();
  return statistics;
}

Result<void> check_size(OIIO::ImageSpec const& spec, CheckOptions const& options) {
  if ((options.width > 0 && spec.width != options.width) || (options.height > 0 && spec.height != options.height))
    return fail(Errc::invalid,
                fmt::format("The image is {} x {} pixels, but {} x {} was asked for.", spec.width, spec.height,
                            options.width > 0 ? std::to_string(options.width) : "any",
                            options.height > 0 ? std::to_string(options.height) : "any"),
                "wrong_size");
  return {};
}

}  // namespace

Result<nlohmann::json> check_image(std::filesystem::path const& file, CheckOptions const& options) {
  auto image = Image::open(file, options.format);
  if (!image) return image.error();
  nlohmann::json report;
  long pixels_in_all = 0;
  // A file may contain several images; the first is described, every one must decode and fit.
  for (bool more = true; more;) {
    auto const& spec = image->spec();
    if (auto fits = check_size(spec, options); !fits) return fits.error();
    pixels_in_all += static_cast<long>(spec.width) * spec.height;
    if (pixels_in_all > max_pixels)
      return fail(Errc::invalid, fmt::format("The parts of the image have more than {} million pixels together.",
                                             max_pixels / 1'000'000));
    auto statistics = read_all(*image);
    if (!statistics) return statistics.error();
    if (report.is_null()) {
      auto used = image->channels();
      auto const pixels = static_cast<double>(spec.width) * spec.height;
      bool constant = true;
      nlohmann::json mean = nlohmann::json::array();
      auto describe = [&](int channel) {
        auto const index = static_cast<std::size_t>(channel);
        mean.push_back(statistics->sum[index] / pixels);
        constant = constant && statistics->low[index] == statistics->high[index];
      };
      for (int channel : used.color) describe(channel);
      if (used.alpha >= 0) describe(used.alpha);
      report = {{"ok", true},   {"width", spec.width},       {"height", spec.height}, {"channels", spec.nchannels},
                {"mean", mean}, {"format", image->format()}, {"constant", constant}};
    }
    auto next = image->next_part();
    if (!next) return next.error();
    more = *next;
  }
  if (options.code > 0) {
    auto const code = read_code(file);
    if (!code) return code.error();
    if (*code != options.code)
      return fail(Errc::invalid, fmt::format("The image shows frame {}, not {}.", *code, options.code));
    report["code"] = *code;
  }
  return report;
}

}  // namespace distren
