#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>
#include <sstream>

#include "image/commands.h"
#include "image/image.h"
#include "image/sanitizer.h"
#include "image/write.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::filesystem::path folder;

void make_folder() {
  char pattern[] = "/tmp/distren-image-XXXXXX";
  ck_assert(mkdtemp(pattern) != nullptr);
  folder = pattern;
}
void remove_folder() {
  std::filesystem::remove_all(folder);
}

using Paint = std::function<float(int x, int y, int channel)>;

float gradient(int x, int y, int channel) {
  return static_cast<float>((x * 7 + y * 3 + channel * 40) % 200) / 255.0F + 0.1F;
}

template <typename Value>
std::filesystem::path write_as(std::string const& name, int width, int height, int channels, OIIO::TypeDesc type,
                               Paint const& paint, float scale) {
  std::vector<Value> pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) pixels.push_back(static_cast<Value>(paint(x, y, c) * scale));
  auto const file = folder / name;
  OIIO::ImageSpec spec(width, height, channels, type);
  spec.attribute("oiio:UnassociatedAlpha", 1);
  auto const written = write_image(file, spec, pixels.data());
  ck_assert_msg(written.has_value(), "%s", written ? "" : written.error().message.c_str());
  return file;
}

std::filesystem::path image(std::string const& name, int width, int height, int channels,
                            Paint const& paint = gradient) {
  if (name.ends_with(".exr")) return write_as<float>(name, width, height, channels, OIIO::TypeDesc::FLOAT, paint, 1);
  return write_as<unsigned char>(name, width, height, channels, OIIO::TypeDesc::UINT8, paint, 255);
}

std::string error_of(Result<nlohmann::json> const& outcome) {
  ck_assert(!outcome);
  return outcome.error().message;
}

nlohmann::json good(Result<nlohmann::json> const& outcome) {
  ck_assert_msg(outcome.has_value(), "%s", outcome ? "" : outcome.error().message.c_str());
  return *outcome;
}

std::string contents(std::filesystem::path const& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}
std::filesystem::path file_of(std::string const& name, std::string const& bytes) {
  std::ofstream(folder / name, std::ios::binary) << bytes;
  return folder / name;
}

START_TEST(a_good_image_is_described) {
  auto const report = good(check_image(image("a.png", 40, 30, 4), {40, 30, "PNG"}));
  ck_assert(report["ok"] == true);
  ck_assert(report["width"] == 40 && report["height"] == 30 && report["channels"] == 4);
  ck_assert(report["format"] == "PNG" && report["constant"] == false);
  ck_assert_uint_eq(report["mean"].size(), 4);
}
END_TEST

START_TEST(every_usual_format_is_read) {
  for (char const* name : {"a.png", "a.jpg", "a.exr", "a.tif", "a.tga", "a.bmp", "a.webp"}) {
    auto const report = good(check_image(image(name, 33, 17, 3), {}));
    ck_assert(report["width"] == 33 && report["height"] == 17);
  }
}
END_TEST

START_TEST(a_name_that_lies_about_the_format_deceives_nobody) {
  auto const file = image("a.png", 8, 8, 3);
  std::filesystem::rename(file, folder / "a.jpg");
  ck_assert(good(check_image(folder / "a.jpg", {}))["format"] == "PNG");
  ck_assert_says(error_of(check_image(folder / "a.jpg", {0, 0, "JPEG"})), "is PNG, but JPEG was asked for");
}
END_TEST

START_TEST(a_wrong_size_is_refused_with_both_sizes) {
  ck_assert_says(error_of(check_image(image("a.png", 8, 9, 3), {8, 8, ""})), "8 x 9 pixels, but 8 x 8");
}
END_TEST

START_TEST(one_colour_is_reported_and_not_an_error) {
  auto const black = image("black.png", 16, 16, 3, [](int, int, int) { return 0.0F; });
  ck_assert(good(check_image(black, {}))["constant"] == true);
}
END_TEST

START_TEST(values_that_are_no_numbers_are_refused) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto const file =
        image("bad.exr", 8, 8, 3, [bad](int x, int y, int c) { return x == 5 && y == 3 && c == 1 ? bad : 0.5F; });
    ck_assert_says(error_of(check_image(file, {})), "at 5,3 in channel G");
  }
}
END_TEST

START_TEST(what_is_no_image_is_named) {
  ck_assert_says(error_of(check_image(file_of("a", ""), {})), "it is empty");
  ck_assert_says(error_of(check_image(file_of("b", "#!/bin/sh\necho hello\n"), {})), "looks like text");
  ck_assert_says(error_of(check_image(file_of("c", "BLENDER-v304xxxx"), {})), "a Blender scene");
  ck_assert(check_image(folder / "absent.png", {}).error().code == Errc::not_found);
}
END_TEST

START_TEST(every_truncation_of_an_image_is_refused) {
  for (char const* name : {"a.png", "a.jpg", "a.exr", "a.tif"}) {
    auto const whole = contents(image(name, 64, 48, 3));
    for (std::size_t percent : {2, 20, 50, 80, 95}) {
      auto const cut = file_of("cut", whole.substr(0, whole.size() * percent / 100));
      ck_assert_msg(!check_image(cut, {}), "%s cut to %zu %%", name, percent);
    }
  }
}
END_TEST

START_TEST(changed_bytes_never_crash_the_check) {
  std::minstd_rand random(7);
  for (char const* name : {"a.png", "a.jpg", "a.exr", "a.tif", "a.tga", "a.bmp", "a.webp"}) {
    auto const whole = contents(image(name, 24, 16, 4));
    int looked_at = 0;
    for (int round = 0; round < 60; ++round) {
      auto text = whole;
      for (int change = 0; change < 4; ++change) text[random() % text.size()] = static_cast<char>(random());
      // Either answer is fine; that one comes, and within the limits, is what counts.
      auto const outcome = check_image(file_of("changed", text), {});
      if (outcome || !outcome.error().message.empty()) ++looked_at;
    }
    ck_assert_int_eq(looked_at, 60);
  }
}
END_TEST

START_TEST(a_huge_claim_is_refused_before_memory_is_taken) {
  // A BMP whose header claims 20,000 x 20,000 pixels.
  std::string header = "BM";
  auto number = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) header.push_back(static_cast<char>(value >> 8 * i & 0xff));
  };
  for (auto [value, size] : {std::pair{1000U, 4},
                             {0U, 4},
                             {54U, 4},
                             {40U, 4},
                             {20000U, 4},
                             {20000U, 4},
                             {1U, 2},
                             {24U, 2},
                             {0U, 4},
                             {0U, 4},
                             {0U, 4},
                             {0U, 4},
                             {0U, 4},
                             {0U, 4}})
    number(value, size);
  ck_assert_says(error_of(check_image(file_of("huge.bmp", header + std::string(1000, '\0')), {})),
                 "at most 16384 a side");
}
END_TEST

nlohmann::json comparison(Paint const& other, bool relaxed = false) {
  return good(compare_images(image("a.png", 80, 64, 3), image("b.png", 80, 64, 3, other), relaxed));
}

START_TEST(an_image_matches_itself) {
  auto const report = comparison(gradient);
  ck_assert(report["verdict"] == "match");
  ck_assert(report["share_small"] == 0.0 && report["block_difference"] == 0.0 && report["psnr"] == 200.0);
}
END_TEST

START_TEST(faint_noise_still_matches) {
  auto const report =
      comparison([](int x, int y, int c) { return gradient(x, y, c) + ((x + y) % 50 == 0 ? 1.2F / 255 : 0); });
  ck_assert(report["verdict"] == "match");
}
END_TEST

START_TEST(a_tenth_of_noisy_pixels_differs) {
  auto const report =
      comparison([](int x, int y, int c) { return gradient(x, y, c) + ((x + y) % 8 == 0 ? 12.4F / 255 : 0); });
  ck_assert(report["verdict"] == "differs");
  ck_assert_double_gt(report["share_small"].get<double>(), 0.1);
}
END_TEST

START_TEST(a_little_over_the_limits_is_inconclusive) {
  // 1 % of the pixels: the limit is 0.5 %, four times that is 2 %.
  auto const report =
      comparison([](int x, int y, int c) { return gradient(x, y, c) + ((x + 80 * y) % 100 == 0 ? 8.2F / 255 : 0); });
  ck_assert(report["verdict"] == "inconclusive");
}
END_TEST

START_TEST(one_changed_block_differs_although_the_rest_is_equal) {
  auto const report = comparison([](int x, int y, int c) { return x < 8 && y < 8 ? 0.9F : gradient(x, y, c); });
  ck_assert(report["verdict"] == "differs");
  ck_assert_double_gt(report["block_difference"].get<double>(), 0.1);
}
END_TEST

START_TEST(relaxed_limits_forgive_what_strict_ones_do_not) {
  Paint const noisy = [](int x, int y, int c) { return gradient(x, y, c) + ((x + y) % 10 == 0 ? 8.4F / 255 : 0); };
  ck_assert(comparison(noisy)["verdict"] == "differs");
  ck_assert(comparison(noisy, true)["verdict"] == "match");
}
END_TEST

START_TEST(images_of_different_sizes_cannot_be_compared) {
  ck_assert_says(error_of(compare_images(image("a.png", 8, 8, 3), image("b.png", 8, 9, 3), false)), "differ in size");
}
END_TEST

START_TEST(a_thumbnail_keeps_proportion_and_mean) {
  auto const source =
      image("a.png", 200, 100, 3, [](int, int, int c) { return static_cast<float>(c) * 100 / 255 + 0.002F; });
  auto const report = good(make_thumbnail(source, folder / "t.png", 50));
  ck_assert(report["width"] == 50 && report["height"] == 25);
  auto const mean = good(check_image(folder / "t.png", {50, 25, "PNG"}))["mean"];
  for (int c = 0; c < 3; ++c)
    ck_assert_double_eq_tol(mean[static_cast<std::size_t>(c)].get<double>(), c * 100 / 255.0, 0.003);
}
END_TEST

START_TEST(a_thumbnail_of_an_uneven_size_leaves_no_dark_edge) {
  auto const source = image("a.png", 101, 67, 3, [](int, int, int) { return 200.2F / 255; });
  good(make_thumbnail(source, folder / "t.png", 30));
  ck_assert(good(check_image(folder / "t.png", {}))["constant"] == true);
}
END_TEST

START_TEST(a_small_image_is_not_enlarged) {
  ck_assert(good(make_thumbnail(image("a.png", 20, 10, 4), folder / "t.jpg", 50))["width"] == 20);
  ck_assert(good(check_image(folder / "t.jpg", {}))["format"] == "JPEG");
}
END_TEST

START_TEST(bright_linear_light_fades_into_white) {
  auto const source = image("a.exr", 16, 16, 3, [](int, int, int c) {
    return c == 0 ? 50.0F : c == 1 ? 0.214F : 0.0F;
  });
  good(make_thumbnail(source, folder / "t.png", 16));
  auto const mean = good(check_image(folder / "t.png", {}))["mean"];
  ck_assert_double_ge(mean[0].get<double>(), 0.99);
  ck_assert_double_eq_tol(mean[1].get<double>(), 0.5, 0.01);
  ck_assert_double_eq_tol(mean[2].get<double>(), 0.0, 0.001);
}
END_TEST

START_TEST(stitched_tiles_equal_the_whole_pixel_for_pixel) {
  for (char const* suffix : {".png", ".exr", ".tif"}) {
    std::vector<PlacedTile> tiles;
    int number = 0;
    for (auto [x, y, width, height] : {std::array{0, 0, 30, 20}, {30, 0, 34, 20}, {0, 20, 64, 16}}) {
      auto const file = image("tile" + std::to_string(number++) + suffix, width, height, 4,
                              [x = x, y = y](int i, int j, int c) { return gradient(x + i, y + j, c); });
      tiles.push_back({file, x, y});
    }
    auto const out = folder / ("out" + std::string(suffix));
    good(stitch_tiles(out, 64, 36, tiles));
    auto const report = good(compare_images(out, image("whole" + std::string(suffix), 64, 36, 4), false));
    ck_assert(report["psnr"] == 200.0);
  }
}
END_TEST

START_TEST(tiles_of_a_frame_are_stitched_without_their_overscan) {
  for (bool const whole : {false, true}) {
    TileGrid const grid{.width = 100, .height = 70, .columns = 3, .rows = 2, .overscan = 5, .whole = whole};
    for (int tile = 1; tile <= grid.count(); ++tile) {
      PixelBox const box = rendered_box(grid, tile);
      int const left = whole ? 0 : box.left, top = whole ? 0 : box.top;
      // Beyond the tile itself the pixels are wrong, so that one of them in the result would be seen.
      PixelBox const good_part = tile_box(grid, tile);
      image(image_name("%04d.png", 7, tile), whole ? 100 : box.width(), whole ? 70 : box.height(), 3,
            [&](int i, int j, int c) {
              int const x = left + i, y = top + j;
              bool const inside =
                  x >= good_part.left && x < good_part.right && y >= good_part.top && y < good_part.bottom;
              return inside ? gradient(x, y, c) : 1.0F;
            });
    }
    auto const out = folder / "frame.png";
    good(stitch_tiles(out, 100, 70, tiles_of_frame(grid, (folder / "%04d.png").string(), 7)));
    ck_assert(good(compare_images(out, image("whole.png", 100, 70, 3), false))["psnr"] == 200.0);
    image("0007-t0003.png", 20, 20, 3);
    ck_assert_says(error_of(stitch_tiles(out, 100, 70, tiles_of_frame(grid, (folder / "%04d.png").string(), 7))),
                   "has 20 x 20 pixels");
  }
}
END_TEST

START_TEST(tiles_that_do_not_fit_are_refused) {
  auto const tile = image("t.png", 8, 8, 3);
  auto stitch = [&](std::vector<PlacedTile> const& tiles, int width = 16) {
    return error_of(stitch_tiles(folder / "out.png", width, 8, tiles));
  };
  ck_assert_says(stitch({{tile, 0, 0}}), "leave 64 of 128 pixels without a value");
  ck_assert_says(stitch({{tile, 0, 0}, {tile, 4, 0}}), "overlap");
  ck_assert_says(stitch({{tile, 0, 0}, {tile, 9, 0}}), "exceeds the image");
  ck_assert_says(stitch({{tile, 0, 0}, {image("o.png", 8, 8, 4), 8, 0}}), "has 4 channels");
  ck_assert_says(error_of(stitch_tiles(folder / "out.jpg", 8, 8, {{tile, 0, 0}})), "would lose pixels' values");
  ck_assert(!std::filesystem::exists(folder / "out.png"));
}
END_TEST

START_TEST(tile_words_are_read_or_refused) {
  auto const tile = parse_tile("a@b,c.png@12,340");
  ck_assert(tile.has_value());
  ck_assert_text(tile->file.string(), "a@b,c.png");
  ck_assert(tile->x == 12 && tile->y == 340);
  for (char const* bad : {"", "a.png", "a.png@1", "@1,2", "a.png@-1,2", "a.png@1,2x", "a.png@99999,0"})
    ck_assert(!parse_tile(bad));
}
END_TEST

START_TEST(a_failed_write_leaves_nothing_behind) {
  auto const source = image("a.png", 8, 8, 3);
  std::filesystem::create_directory(folder / "out.png");
  ck_assert(!make_thumbnail(source, folder / "out.png", 4));
  int entries = 0;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) entries += entry.exists() ? 1 : 0;
  ck_assert_int_eq(entries, 2);
}
END_TEST

// As a renderer draws a benchmark's strip: squares whose edges are averaged over the pixels that they cut.
Paint strip_of(int width, int height, int code) {
  return [=](int x, int y, int channel) {
    double const side = width / 22.0;
    if (y < height - static_cast<int>(side)) return gradient(x, y, channel);
    auto const bright = [=](int square) { return square == 0 || (square <= 20 && (code >> (square - 1) & 1) != 0); };
    int const left = static_cast<int>(x / side);
    double const edge = (left + 1) * side;
    double const share = std::min(1.0, edge - x);
    return static_cast<float>((bright(left) ? share : 0) + (bright(left + 1) ? 1 - share : 0));
  };
}

START_TEST(the_frame_in_a_benchmarks_strip_is_read) {
  for (int const code : {1, 2, 699733, 349866, 1000000, (1 << 20) - 1})
    for (auto const [width, height] : {std::array{240, 135}, {480, 270}, {331, 186}, {720, 405}, {132, 74}}) {
      auto const file = image("a.png", width, height, 3, strip_of(width, height, code));
      auto const read = read_code(file);
      ck_assert_msg(read.has_value(), "%d at %d: %s", code, width, read ? "" : read.error().message.c_str());
      ck_assert_int_eq(*read, code);
      ck_assert(good(check_image(file, {width, height, "PNG", code}))["code"] == code);
    }
}
END_TEST

START_TEST(another_frames_benchmark_is_refused) {
  auto const file = image("a.png", 480, 270, 3, strip_of(480, 270, 1234));
  ck_assert_says(error_of(check_image(file, {480, 270, "PNG", 1235})), "shows frame 1234, not 1235");
}
END_TEST

START_TEST(a_picture_without_the_strip_is_refused) {
  for (auto const* name : {"a.png", "b.exr"})
    ck_assert_says(error_of(check_image(image(name, 480, 270, 3), {0, 0, "", 5})), "shows no frame number");
  auto const black = image("c.png", 480, 270, 3, [](int, int, int) { return 0.0F; });
  ck_assert_says(error_of(check_image(black, {0, 0, "", 5})), "first square is not white");
  auto const white = image("d.png", 480, 270, 3, [](int, int, int) { return 1.0F; });
  ck_assert_says(error_of(check_image(white, {0, 0, "", 5})), "last square is not black");
  ck_assert_says(error_of(check_image(image("e.png", 9, 9, 3), {0, 0, "", 5})), "too small");
}
END_TEST

START_TEST(a_strip_that_was_scaled_is_refused) {
  auto const small = strip_of(240, 135, 1234);
  auto const larger = image("a.png", 480, 270, 3, [&](int x, int y, int channel) {
    double const from = std::clamp((x + 0.5) / 2 - 0.5, 0.0, 239.0);
    int const left = static_cast<int>(from);
    auto const part = static_cast<float>(from - left);
    return small(left, y / 2, channel) * (1 - part) + small(std::min(left + 1, 239), y / 2, channel) * part;
  });
  ck_assert_says(error_of(check_image(larger, {480, 270, "PNG", 1234})), "neither black nor white");
}
END_TEST

int run_program(std::string const& arguments) {
  char const* top = std::getenv("top_builddir");
  std::string const command = std::string(top != nullptr ? top : ".") + "/distren-image " + arguments + " >'" +
                              (folder / "said").string() + "' 2>/dev/null";
  int const status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(the_program_speaks_json_and_three_exit_codes) {
  auto const file = image("a.png", 8, 8, 3).string();
  // OpenImageIO takes 64 MiB for its rows, however small the image: less than that and a little is never enough.
  ck_assert_int_eq(run_program("check " + file + " --width 8 --memory-limit-mib 128"), 0);
  ck_assert(nlohmann::json::parse(contents(folder / "said"))["ok"] == true);
  ck_assert_int_eq(run_program("check " + file + " --width 9"), 1);
  auto const report = nlohmann::json::parse(contents(folder / "said"));
  ck_assert(report["ok"] == false && report["error"].is_string());
  for (char const* usage : {"", "check", "check a b c", "frobnicate", "stitch out.png --width 4 --height 4 tile"})
    ck_assert_int_eq(run_program(usage), 2);
}
END_TEST

// In one process: OpenImageIO has threads from its start on, which a forked child would wait for in vain.
constexpr TestGroup::Options in_a_folder{.timeout_s = 120,
                                         .before_all = image_library_limits,
                                         .before_each = make_folder,
                                         .after_each = remove_folder,
                                         .forks = false};

TestGroup const check_tests{
    "check",
    {a_good_image_is_described, every_usual_format_is_read, a_name_that_lies_about_the_format_deceives_nobody,
     a_wrong_size_is_refused_with_both_sizes, one_colour_is_reported_and_not_an_error,
     values_that_are_no_numbers_are_refused, what_is_no_image_is_named, every_truncation_of_an_image_is_refused,
     changed_bytes_never_crash_the_check, a_huge_claim_is_refused_before_memory_is_taken},
    in_a_folder};
TestGroup const compare_tests{
    "compare",
    {an_image_matches_itself, faint_noise_still_matches, a_tenth_of_noisy_pixels_differs,
     a_little_over_the_limits_is_inconclusive, one_changed_block_differs_although_the_rest_is_equal,
     relaxed_limits_forgive_what_strict_ones_do_not, images_of_different_sizes_cannot_be_compared},
    in_a_folder};
TestGroup const transform_tests{
    "transform",
    {a_thumbnail_keeps_proportion_and_mean, a_thumbnail_of_an_uneven_size_leaves_no_dark_edge,
     a_small_image_is_not_enlarged, bright_linear_light_fades_into_white,
     stitched_tiles_equal_the_whole_pixel_for_pixel, tiles_of_a_frame_are_stitched_without_their_overscan,
     tiles_that_do_not_fit_are_refused, tile_words_are_read_or_refused, a_failed_write_leaves_nothing_behind},
    in_a_folder};
TestGroup const program_tests{"program", {the_program_speaks_json_and_three_exit_codes}, in_a_folder};
TestGroup const code_tests{"code",
                           {the_frame_in_a_benchmarks_strip_is_read, another_frames_benchmark_is_refused,
                            a_picture_without_the_strip_is_refused, a_strip_that_was_scaled_is_refused},
                           in_a_folder};

}  // namespace
