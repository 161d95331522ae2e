#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "image/color.h"
#include "image/commands.h"
#include "image/image.h"

namespace distren {
namespace {

// The limits of doc/trust.md. The relaxed set is for non-deterministic renders: motion blur, volumes, hair, GPUs.
struct Limits {
  float small;         // a larger difference counts as small
  double small_share;  // share of such pixels that is still a match
  double large_share;  // share of pixels differing by more than 0.1, beside four pixels
  double psnr;         // dB
  double block;        // difference of the means of an 8x8 block
};
constexpr Limits strict{0.016F, 0.005, 0.0005, 50, 0.005};
constexpr Limits relaxed_limits{0.05F, 0.03, 0.003, 38, 0.02};
constexpr float large = 0.1F;
constexpr double large_allowance = 4;  // pixels
constexpr double inconclusive_factor = 4;
constexpr int block_side = 8;

struct Metrics {
  long small_pixels = 0;
  long large_pixels = 0;
  double squares = 0;
  long values = 0;
  double block_difference = 0;

  double psnr() const {
    // Identical images have an infinite ratio; JSON has no infinity, so 200 dB stands for it.
    if (squares <= 0) return 200;
    return std::min(200.0, 10 * std::log10(static_cast<double>(values) / squares));
  }
};

bool within(Metrics const& found, Limits const& limits, double pixels, double factor) {
  return static_cast<double>(found.small_pixels) <= limits.small_share * factor * pixels &&
         static_cast<double>(found.large_pixels) <= (limits.large_share * pixels + large_allowance) * factor &&
         found.psnr() >= limits.psnr - 10 * std::log10(factor) && found.block_difference <= limits.block * factor;
}

float perceived(float value, bool is_linear, bool is_alpha) {
  // Scene-linear values are compared as perceived, else one lamp would outweigh the whole image.
  return is_linear && !is_alpha ? srgb_from_linear(value) : std::clamp(value, 0.0F, 1.0F);
}

std::vector<int> compared(ImageChannels const& channels) {
  std::vector<int> result = channels.color;
  if (channels.alpha >= 0) result.push_back(channels.alpha);
  return result;
}

class Comparison {
public:
  Comparison(Image& left, Image& right, Limits const& limits)
      : left_(left),
        right_(right),
        limits_(limits),
        channels_(compared(left.channels())),
        other_channels_(compared(right.channels())) {}

  Result<Metrics> run() {
    for (int y = 0; y < left_.spec().height; y += block_side) {
      int const count = std::min(block_side, left_.spec().height - y);
      auto left = left_.rows(y, count);
      if (!left) return left.error();
      auto right = right_.rows(y, count);
      if (!right) return right.error();
      for (int x = 0; x < left_.spec().width; x += block_side)
        block(*left, *right, x, std::min(block_side, left_.spec().width - x), count);
    }
    if (auto end = left_.finish(); !end) return end.error();
    if (auto end = right_.finish(); !end) return end.error();
    if (not_finite_) return fail(Errc::invalid, "One of the images has values that are not numbers.");
    return found_;
  }

private:
  void block(float const* left, float const* right, int x0, int columns, int rows) {
    std::array<double, 4> difference{};
    for (int y = 0; y < rows; ++y)
      for (int x = x0; x < x0 + columns; ++x) {
        auto const at = static_cast<long>(y) * left_.spec().width + x;
        float const* a = left + at * left_.spec().nchannels;
        float const* b = right + at * right_.spec().nchannels;
        float worst = 0;
        for (std::size_t i = 0; i < channels_.size(); ++i) {
          bool const is_alpha = i == 3 || (channels_.size() == 2 && i == 1);
          float const stored_a = a[channels_[i]], stored_b = b[other_channels_[i]];
          if (!std::isfinite(stored_a) || !std::isfinite(stored_b)) not_finite_ = true;
          float const delta =
              perceived(stored_a, left_.is_linear(), is_alpha) - perceived(stored_b, right_.is_linear(), is_alpha);
          worst = std::max(worst, std::abs(delta));
          difference[i] += static_cast<double>(delta);
          found_.squares += static_cast<double>(delta) * static_cast<double>(delta);
        }
        found_.values += static_cast<long>(channels_.size());
        found_.small_pixels += worst > limits_.small ? 1 : 0;
        found_.large_pixels += worst > large ? 1 : 0;
      }
    for (double sum : difference)
      found_.block_difference = std::max(found_.block_difference, std::abs(sum) / (columns * rows));
  }

  Image& left_;
  Image& right_;
  Limits const& limits_;
  std::vector<int> channels_, other_channels_;
  Metrics found_;
  bool not_finite_ = false;
};

}  // namespace

Result<nlohmann::json> compare_images(std::filesystem::path const& left, std::filesystem::path const& right,
                                      bool relaxed) {
  auto a = Image::open(left);
  if (!a) return fail(a.error().code, "First image: " + a.error().message);
  auto b = Image::open(right);
  if (!b) return fail(b.error().code, "Second image: " + b.error().message);
  if (a->spec().width != b->spec().width || a->spec().height != b->spec().height)
    return fail(Errc::invalid, fmt::format("The images differ in size: {} x {} and {} x {}.", a->spec().width,
                                           a->spec().height, b->spec().width, b->spec().height));
  if (compared(a->channels()).size() != compared(b->channels()).size())
    return fail(Errc::invalid, fmt::format("The images differ in their channels: {} and {}.", a->spec().nchannels,
                                           b->spec().nchannels));
  Limits const& limits = relaxed ? relaxed_limits : strict;
  auto found = Comparison(*a, *b, limits).run();
  if (!found) return found.error();
  auto const pixels = static_cast<double>(a->spec().width) * a->spec().height;
  char const* verdict = "differs";
  if (within(*found, limits, pixels, 1))
    verdict = "match";
  else if (within(*found, limits, pixels, inconclusive_factor))
    verdict = "inconclusive";
  return nlohmann::json{{"ok", true},
                        {"verdict", verdict},
                        {"relaxed", relaxed},
                        {"small_threshold", relaxed ? 0.05 : 0.016},
                        {"share_small", static_cast<double>(found->small_pixels) / pixels},
                        {"share_large", static_cast<double>(found->large_pixels) / pixels},
                        {"psnr", found->psnr()},
                        {"block_difference", found->block_difference}};
}

}  // namespace distren
