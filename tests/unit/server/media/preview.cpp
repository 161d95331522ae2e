// Preview films: which frames they hold, what their names say, and the making of one by the real ffmpeg.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/process/process.h"
#include "common/process/sandbox.h"
#include "server/media/preview.h"
#include "server/storage/job_folder.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("distren-preview-" + random_secret());
  Folder() { std::filesystem::create_directories(output_folder(path, 1)); }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  // Pictures 0001.png and on, of odd sides, each another.
  [[nodiscard]] std::vector<PreviewFrame> draw(int count) const {
    ProcessOptions options;
    options.argv = {"ffmpeg",
                    "-v",
                    "error",
                    "-f",
                    "lavfi",
                    "-i",
                    "testsrc=size=63x35:rate=1",
                    "-frames:v",
                    std::to_string(count),
                    (output_folder(path, 1) / "%04d.png").string()};
    auto const done = run_process(std::move(options), std::chrono::seconds(60));
    ck_assert_msg(done && done->end.ok(), "%s", done ? done->output.c_str() : done.error().message.c_str());
    std::vector<PreviewFrame> frames;
    for (int i = 1; i <= count; ++i) {
      auto const name = fmt::format("{:04}.png", i);
      frames.push_back({name, to_hex(sha256(name))});
    }
    return frames;
  }
};

ImageChecker checker() {
  auto const* build = std::getenv("top_builddir");
  return {std::filesystem::absolute(std::filesystem::path(build == nullptr ? "." : build) / "distren-image"),
          sandbox_available().has_value()};
}

PreviewEncoder::Progress wait_for(PreviewEncoder& encoder, std::int64_t job) {
  for (int i = 0; i < 1200; ++i) {
    auto status = encoder.status(job);
    if (!status.encoding) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ck_abort_msg("the film was not made in a minute");
}

std::string frames_of(std::filesystem::path const& film) {
  ProcessOptions options;
  options.argv = {"ffprobe",       "-v",
                  "error",         "-count_frames",
                  "-show_entries", "stream=nb_read_frames,width,height,codec_name",
                  "-of",           "csv=p=0",
                  film.string()};
  auto const said = run_process(std::move(options), std::chrono::seconds(60));
  ck_assert(said.has_value());
  return said->output;
}

std::vector<PreviewFrame> imagined(int count) {
  std::vector<PreviewFrame> frames;
  for (int i = 0; i < count; ++i) frames.push_back({std::to_string(i), std::to_string(i)});
  return frames;
}

}  // namespace

START_TEST(a_plan_takes_all_frames_or_every_nth) {
  auto const few = plan_preview(imagined(3));
  ck_assert_uint_eq(few.frames.size(), 3);
  ck_assert_int_eq(few.step, 1);
  ck_assert_double_eq(few.fps, 24);
  auto const many = plan_preview(imagined(2001));
  ck_assert_uint_eq(many.frames.size(), 667);
  ck_assert_int_eq(many.step, 3);
  ck_assert_double_eq(many.fps, 12);
  ck_assert_text(many.frames[1].output, "3");
  ck_assert_uint_eq(plan_preview(imagined(1000000)).frames.size(), 1000);
  ck_assert_double_eq(plan_preview(imagined(3), 29.97).fps, 29.97);
  ck_assert(plan_preview(imagined(3), 25).name != few.name);  // an older film has another speed
  ck_assert(plan_preview(imagined(3), 24).name == few.name);
  ck_assert_double_eq(plan_preview(imagined(3), 8).fps, 8);
  ck_assert_double_eq(plan_preview(imagined(2001), 8).fps, 8);
  ck_assert_double_eq(plan_preview(imagined(1001), 60).fps, 30);
  ck_assert_double_eq(plan_preview(imagined(3), 1e9).fps, 24);
  ck_assert(plan_preview(imagined(4)).name != few.name);
  ck_assert(plan_preview(imagined(3)).name == few.name);
}
END_TEST

START_TEST(a_name_says_what_is_in_the_film) {
  auto const plan = plan_preview(imagined(2001));
  auto const read = read_preview_name(plan.name);
  ck_assert(read.has_value());
  ck_assert_int_eq(read->frames, 667);
  ck_assert_int_eq(read->step, 3);
  for (auto const* bad :
       {"", ".", "../../key", "0123456789abcdef-5-1.mp4.part", "0123456789ABCDEF-5-1.mp4", "0123456789abcdef-05-1.mp4",
        "0123456789abcdef-5-1", "0123456789abcde-5-1.mp4", "0123456789abcdef-5-1.mp4/", "0123456789abcdef--5-1.mp4"}) {
    ck_assert_msg(!read_preview_name(bad), "%s was taken", bad);
  }
}
END_TEST

START_TEST(a_film_is_made_and_made_anew_when_frames_changed) {
  if (!find_program("ffmpeg") || !find_program("ffprobe")) return;
  Folder const folder;
  auto frames = folder.draw(5);
  PreviewEncoder encoder(folder.path, checker());
  ck_assert(encoder.available());
  auto const plan = plan_preview({frames.begin(), frames.begin() + 3});
  ck_assert_text(find_preview(folder.path, 1), "");
  ck_assert(encoder.request(1, plan).has_value());
  ck_assert(encoder.request(1, plan).has_value());  // the same again is no second film
  ck_assert_text(wait_for(encoder, 1).problem, "");
  ck_assert_text(find_preview(folder.path, 1), plan.name);
  ck_assert_text(frames_of(preview_folder(folder.path, 1) / plan.name), "h264,64,36,3\n");

  std::ofstream(output_folder(folder.path, 1) / "0004.png") << "no picture";
  auto const more = plan_preview(frames);
  ck_assert(encoder.request(1, more).has_value());
  ck_assert_text(wait_for(encoder, 1).problem, "");
  ck_assert_text(find_preview(folder.path, 1), more.name);
  ck_assert_text(frames_of(preview_folder(folder.path, 1) / more.name), "h264,64,36,4\n");
  int files = 0;
  for (auto const& entry : std::filesystem::directory_iterator(preview_folder(folder.path, 1))) files += entry.exists();
  ck_assert_int_eq(files, 1);
}
END_TEST

START_TEST(what_cannot_be_made_is_said_of_its_plan) {
  Folder const folder;
  std::ofstream(output_folder(folder.path, 1) / "bad.png") << "no picture";
  PreviewEncoder encoder(folder.path, checker(), "true");
  ck_assert(encoder.request(1, plan_preview({{"bad.png", to_hex(sha256("bad"))}})).has_value());
  auto const bad = plan_preview({{"bad.png", to_hex(sha256("bad"))}}).name;
  for (int i = 0; i < 2; ++i) {  // however often it is asked for
    auto const failed = wait_for(encoder, 1);
    ck_assert(!failed.problem.empty());
    ck_assert_text(failed.failed, bad);
  }
  ck_assert(encoder.request(99, plan_preview({{"bad.png", to_hex(sha256("bad"))}})).has_value());
  ck_assert_says(wait_for(encoder, 99).problem, "job 99 is gone");
  ck_assert(!std::filesystem::exists(job_folder(folder.path, 99)));
  PreviewEncoder none(folder.path, checker(), "no-such-encoder");
  ck_assert(!none.available());
}
END_TEST

START_TEST(an_encoder_that_makes_nothing_or_never_ends_is_dealt_with) {
  if (!find_program("ffmpeg")) return;
  Folder const folder;
  auto const plan = plan_preview(folder.draw(2));
  auto image = checker();
  PreviewEncoder lazy(folder.path, image, "true");
  ck_assert(lazy.request(1, plan).has_value());
  ck_assert_says(wait_for(lazy, 1).problem, "it said nothing");
  image.sandboxed = false;
  auto const script = folder.path / "endless";
  std::ofstream(script) << "#!/bin/sh\necho > " << (folder.path / "begun").string() << "\nexec sleep 1000\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  PreviewEncoder endless(folder.path, image, script.string());
  ck_assert(endless.request(1, plan).has_value());
  for (int i = 0; i < 1200 && !std::filesystem::exists(folder.path / "begun"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ck_assert(endless.status(1).encoding);
  endless.stop();
  ck_assert_text(find_preview(folder.path, 1), "");
}
END_TEST

START_TEST(a_queue_that_is_full_says_so) {
  if (!find_program("ffmpeg")) return;
  Folder const folder;
  auto const plan = plan_preview(folder.draw(1));
  auto image = checker();
  image.sandboxed = false;
  auto const script = folder.path / "endless";
  std::ofstream(script) << "#!/bin/sh\nexec sleep 1000\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  PreviewEncoder encoder(folder.path, image, script.string());
  Result<void> asked;
  int taken = 0;
  for (int job = 1; job <= 100; ++job) {
    std::filesystem::create_directories(output_folder(folder.path, job));
    std::error_code ignored;
    std::filesystem::copy_file(output_folder(folder.path, 1) / "0001.png", output_folder(folder.path, job) / "0001.png",
                               ignored);
    asked = encoder.request(job, plan);
    if (!asked) break;
    ++taken;
  }
  ck_assert_int_ge(taken, 32);
  ck_assert(!asked.has_value());
  ck_assert_says(asked.error().message, "ask again in a minute");
}
END_TEST

namespace {

TestGroup const previews_tests{
    "previews",
    {a_plan_takes_all_frames_or_every_nth, a_name_says_what_is_in_the_film,
     a_film_is_made_and_made_anew_when_frames_changed, what_cannot_be_made_is_said_of_its_plan,
     an_encoder_that_makes_nothing_or_never_ends_is_dealt_with, a_queue_that_is_full_says_so},
    {.timeout_s = 300}};

}  // namespace
