// Blobs, uploads in parts, signed addresses, job folders.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "server/storage/blob_store.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "server/storage/signer.h"
#include "server/storage/uploads.h"
#include "tests/support/check_main.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

struct Stor {
  fs::path path = fs::temp_directory_path() / ("distren-stor-" + random_secret());
  Stor() { fs::create_directories(path); }
  ~Stor() { fs::remove_all(path); }
};

std::string digest_of(std::string_view bytes) {
  return to_hex(sha256(bytes));
}

std::string content_of(fs::path const& path) {
  auto const content = read_file(path);
  return content ? *content : "(" + content.error().message + ")";
}

std::int64_t the_time = 1000000;

std::unique_ptr<Uploads> open_uploads(Stor const& stor, Uploads::Limits limits = {.free_bytes = 0}) {
  auto uploads = Uploads::open(stor.path, limits, [] { return the_time; });
  ck_assert(uploads.has_value());
  return std::move(*uploads);
}

UploadSpec spec_of(std::string_view bytes, std::int64_t user = 1) {
  UploadSpec spec;
  spec.size = static_cast<std::int64_t>(bytes.size());
  spec.sha256 = digest_of(bytes);
  spec.user = user;
  return spec;
}

UploadState taken(UploadResult const& outcome) {
  auto const* refusal = std::get_if<UploadRejection>(&outcome);
  ck_assert_msg(refusal == nullptr, "refused: %s", refusal == nullptr ? "" : refusal->message.c_str());
  return std::get<UploadState>(outcome);
}

UploadRejection refused(UploadResult const& outcome) {
  ck_assert_msg(std::holds_alternative<UploadRejection>(outcome), "it was taken");
  return std::get<UploadRejection>(outcome);
}

using Kind = UploadRejection::Kind;

std::size_t files_in(fs::path const& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

Parameters query_of(std::string const& url, std::string& path) {
  auto const question = url.find('?');
  path = url.substr(0, question);
  Parameters out;
  for (auto rest = url.substr(question + 1); !rest.empty();) {
    auto const end = rest.find('&');
    auto const pair = rest.substr(0, end);
    out.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return out;
}

}  // namespace

START_TEST(a_signed_address_is_good_until_it_expires) {
  Signer const signer(std::string(32, 'k'));
  std::string path;
  auto query = query_of(blob_url(signer, std::string(64, 'a'), 7, 5000), path);
  ck_assert_text(path, "/api/v1/files/blobs/" + std::string(64, 'a'));
  ck_assert(signer.verify(path, query, 4999).has_value());
  ck_assert_says(signer.verify(path, query, 5000).error().message, "expired; ask for a new one");
}
END_TEST

START_TEST(a_changed_address_is_refused) {
  Signer const signer(std::string(32, 'k'));
  std::string path;
  auto const query = query_of(result_upload_url(signer, 981, 7, "0005.png", 1000, 5000), path);
  auto bad = [&](std::string const& where, Parameters const& parameters) {
    auto const verified = signer.verify(where, parameters, 1);
    ck_assert(!verified.has_value());
    ck_assert_int_eq(static_cast<int>(verified.error().code), static_cast<int>(Errc::denied));
  };
  ck_assert(signer.verify(path, query, 1).has_value());
  bad(path + "/x", query);
  for (std::size_t i = 0; i < query.size(); ++i) {
    auto changed = query;
    changed[i].second += "0";
    bad(path, changed);
    auto shorter = query;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    bad(path, shorter);
  }
  auto longer = query;
  longer.emplace_back("more", "1");
  bad(path, longer);
  bad(path, {});
  ck_assert(!Signer(std::string(32, 'x')).verify(path, query, 1).has_value());
}
END_TEST

START_TEST(strange_names_survive_in_addresses) {
  Signer const signer(std::string(32, 'k'));
  auto const url = signer.sign("/a b/ü", {{"n", "1&2=3 +"}}, 9);
  ck_assert_says(url, "/a%20b/%C3%BC?n=1%262%3D3%20%2B&expires=9&signature=");
  auto const signature = url.substr(url.rfind('=') + 1);
  ck_assert(signer.verify("/a b/ü", {{"expires", "9"}, {"signature", signature}, {"n", "1&2=3 +"}}, 1).has_value());
}
END_TEST

START_TEST(the_key_is_made_once_and_must_be_private) {
  Stor stor;
  auto const file = stor.path / "key";
  auto const first = Signer::load(file);
  ck_assert(first.has_value());
  auto const second = Signer::load(file);
  ck_assert_text(second->derive("a", "b"), first->derive("a", "b"));
  ck_assert(first->derive("a", "b") != first->derive("a", "c"));
  ck_assert(first->derive("a", "b") != first->derive("b", "b"));
  struct stat info {};
  ck_assert_int_eq(::stat(file.c_str(), &info), 0);
  ck_assert_int_eq(info.st_mode & 0777, 0600);
  ck_assert_int_eq(::chmod(file.c_str(), 0640), 0);
  ck_assert_says(Signer::load(file).error().message, "chmod 600");
  ck_assert_int_eq(::chmod(file.c_str(), 0600), 0);
  std::ofstream(file) << "short";
  ck_assert_says(Signer::load(file).error().message, "has 5 bytes");
}
END_TEST

START_TEST(a_blob_is_stored_once_and_linked_into_jobs) {
  Stor stor;
  auto const blobs = BlobStore::open(stor.path);
  std::ofstream(stor.path / "a") << "texture";
  auto const digest = digest_of("texture");
  ck_assert(!blobs->holds(digest));
  ck_assert(blobs->adopt(stor.path / "a", digest).has_value());
  ck_assert(blobs->adopt(stor.path / "a", digest).has_value());
  ck_assert(blobs->holds(digest));
  ck_assert(!blobs->holds("../../etc/passwd"));
  ck_assert(place_job_files(stor.path, 42, *blobs, {{"scene.blend", digest, 7}, {"tex/wood/oak.png", digest, 7}})
                .has_value());
  ck_assert_text(content_of(stor.path / "job42/tex/wood/oak.png"), "texture");
  ck_assert(fs::is_directory(stor.path / "job42/output"));
  ck_assert_uint_eq(fs::hard_link_count(stor.path / "a"), 4);
  // The same again changes nothing: that is how an interrupted one is mended.
  ck_assert(place_job_files(stor.path, 42, *blobs, {{"scene.blend", digest, 7}}).has_value());
  ck_assert(blobs->remove(digest).has_value());
  ck_assert(blobs->remove(digest).has_value());
  ck_assert_text(content_of(stor.path / "job42/scene.blend"), "texture");
  ck_assert_says(place_job_files(stor.path, 43, *blobs, {{"x", digest, 7}}).error().message, "cannot place a file");
  ck_assert(remove_job_folder(stor.path, 42).has_value());
  ck_assert(remove_job_folder(stor.path, 42).has_value());
  ck_assert(!fs::exists(stor.path / "job42"));
}
END_TEST

START_TEST(sources_never_lie_among_the_frames) {
  Stor stor;
  auto const blobs = BlobStore::open(stor.path);
  std::ofstream(stor.path / "a") << "x";
  auto const digest = digest_of("x");
  ck_assert(blobs->adopt(stor.path / "a", digest).has_value());
  ck_assert(
      place_job_files(stor.path, 1, *blobs, {{"output/0001.png", digest, 1}, {"a.blend", digest, 1}}).has_value());
  ck_assert_uint_eq(files_in(stor.path / "job1/output"), 0);
  fs::rename(stor.path / "job1", stor.path / ".removed-job1-abc");
  sweep_removed_jobs(stor.path);
  ck_assert(!fs::exists(stor.path / ".removed-job1-abc"));
}
END_TEST

START_TEST(an_upload_comes_in_parts_and_is_finished_once) {
  Stor stor;
  auto uploads = open_uploads(stor);
  auto const id = taken(uploads->create(spec_of("hello world"))).id;
  ck_assert_uint_eq(id.size(), 32);
  int finished = 0;
  auto const finish = [&](UploadState const& state, fs::path const& part) -> Result<void> {
    ++finished;
    ck_assert_text(content_of(part), "hello world");
    ck_assert_int_eq(state.spec.user, 1);
    return {};
  };
  ck_assert_int_eq(taken(uploads->append(id, 0, "hello ", "", finish)).offset, 6);
  ck_assert_int_eq(finished, 0);
  auto const whole = taken(uploads->append(id, 6, "world", std::string(as_bytes(sha256("world"))), finish));
  ck_assert(whole.finished);
  ck_assert_int_eq(finished, 1);
  // Who lost the last answer may ask again.
  ck_assert(taken(uploads->state(id)).finished);
  ck_assert(taken(uploads->append(id, 11, "", "", finish)).finished);
  ck_assert_int_eq(finished, 1);
  ck_assert(refused(uploads->append(id, 11, "more", "", finish)).kind == Kind::too_long);
}
END_TEST

START_TEST(parts_that_do_not_fit_change_nothing) {
  Stor stor;
  auto uploads = open_uploads(stor);
  auto const id = taken(uploads->create(spec_of("hello world"))).id;
  taken(uploads->append(id, 0, "hello", "", {}));
  auto const offset = refused(uploads->append(id, 4, "o", "", {}));
  ck_assert(offset.kind == Kind::offset_differs);
  ck_assert_says(offset.message, "stands at 5 bytes, not at 4");
  ck_assert(refused(uploads->append(id, 6, "w", "", {})).kind == Kind::offset_differs);
  ck_assert(refused(uploads->append(id, 5, " world!", "", {})).kind == Kind::too_long);
  ck_assert(refused(uploads->append(id, 5, " world", std::string(32, 'x'), {})).kind == Kind::checksum);
  ck_assert(refused(uploads->append("0123", 0, "", "", {})).kind == Kind::not_found);
  ck_assert_int_eq(taken(uploads->state(id)).offset, 5);
  ck_assert(taken(uploads->append(id, 5, " world", "", {})).finished);
}
END_TEST

START_TEST(a_file_with_another_digest_is_removed) {
  Stor stor;
  auto uploads = open_uploads(stor);
  auto const id = taken(uploads->create(spec_of("hello"))).id;
  auto const refusal = refused(uploads->append(id, 0, "hellO", "", {}));
  ck_assert(refusal.kind == Kind::content);
  ck_assert_says(refusal.message, "another SHA-256");
  ck_assert(refused(uploads->state(id)).kind == Kind::not_found);
  ck_assert_uint_eq(files_in(stor.path / "upload"), 0);
}
END_TEST

START_TEST(an_upload_goes_on_after_a_restart) {
  Stor stor;
  std::string id;
  {
    auto uploads = open_uploads(stor);
    id = taken(uploads->create(spec_of("hello world"))).id;
    taken(uploads->append(id, 0, "hello ", "", {}));
  }
  std::ofstream(stor.path / "upload/stray.part") << "nobody's";
  std::ofstream(stor.path / "upload/broken.json") << "{\"size\":";
  auto uploads = open_uploads(stor);
  ck_assert_uint_eq(files_in(stor.path / "upload"), 2);
  ck_assert_int_eq(taken(uploads->state(id)).offset, 6);
  ck_assert(taken(uploads->append(id, 6, "world", "", {})).finished);
}
END_TEST

START_TEST(a_restart_does_not_hide_damage) {
  Stor stor;
  std::string id;
  {
    auto uploads = open_uploads(stor);
    id = taken(uploads->create(spec_of("hello world"))).id;
    taken(uploads->append(id, 0, "hello ", "", {}));
  }
  std::ofstream(stor.path / "upload" / (id + ".part")) << "HELLO ";
  auto uploads = open_uploads(stor);
  ck_assert(refused(uploads->append(id, 6, "world", "", {})).kind == Kind::content);
}
END_TEST

START_TEST(a_finish_that_fails_can_be_tried_again) {
  Stor stor;
  std::string id;
  auto const away = [](UploadState const&, fs::path const&) -> Result<void> {
    return Error{Errc::unavailable, "the database is away"};
  };
  {
    auto uploads = open_uploads(stor);
    id = taken(uploads->create(spec_of("hello"))).id;
    auto const refusal = refused(uploads->append(id, 0, "hello", "", away));
    ck_assert(refusal.kind == Kind::failed);
    ck_assert_text(refusal.message, "the database is away");
    ck_assert(refused(uploads->append(id, 5, "", "", away)).kind == Kind::failed);
    auto const state = taken(uploads->state(id));
    ck_assert(!state.finished);
    ck_assert_int_eq(state.offset, 5);
  }
  auto uploads = open_uploads(stor);
  ck_assert(taken(uploads->append(id, 5, "", "", {})).finished);
  ck_assert(taken(open_uploads(stor)->state(id)).finished);
}
END_TEST

START_TEST(an_empty_file_is_a_file) {
  Stor stor;
  auto uploads = open_uploads(stor);
  auto const id = taken(uploads->create(spec_of("", 0))).id;
  ck_assert(taken(uploads->append(id, 0, "", "", {})).finished);
  ck_assert_int_eq(uploads->finished_upload(id, 0, 0)->size, 0);
}
END_TEST

START_TEST(a_full_disk_keeps_what_arrived) {
  Stor stor;
  ::signal(SIGXFSZ, SIG_IGN);
  std::string const bytes(200000, 'x');
  auto uploads = open_uploads(stor);
  auto const id = taken(uploads->create(spec_of(bytes))).id;
  taken(uploads->append(id, 0, bytes.substr(0, 50000), "", {}));
  rlimit limit{};
  ck_assert_int_eq(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit const small{100000, limit.rlim_max};
  ck_assert_int_eq(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto const refusal = refused(uploads->append(id, 50000, bytes.substr(50000), "", {}));
  ck_assert_int_eq(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(refusal.kind == Kind::disk_full);
  ck_assert_int_eq(taken(uploads->state(id)).offset, 50000);
  ck_assert_uint_eq(fs::file_size(stor.path / "upload" / (id + ".part")), 50000);
  ck_assert(taken(uploads->append(id, 50000, bytes.substr(50000), "", {})).finished);
}
END_TEST

START_TEST(nothing_begins_on_a_disk_below_its_limit) {
  Stor stor;
  auto uploads = open_uploads(stor, {.free_bytes = std::int64_t{1} << 60});
  ck_assert(refused(uploads->create(spec_of("hello"))).kind == Kind::disk_full);
  ck_assert_uint_eq(files_in(stor.path / "upload"), 0);
}
END_TEST

START_TEST(nobody_begins_uploads_without_end) {
  Stor stor;
  auto uploads = open_uploads(stor, {.free_bytes = 0, .unfinished_per_owner = 3});
  std::string last;
  for (int i = 0; i < 3; ++i) last = taken(uploads->create(spec_of("hello"))).id;
  ck_assert(refused(uploads->create(spec_of("hello"))).kind == Kind::too_many);
  taken(uploads->create(spec_of("hello", 2)));
  taken(uploads->append(last, 0, "hello", "", {}));
  last = taken(uploads->create(spec_of("hello"))).id;
  ck_assert(refused(uploads->create(spec_of("hello"))).kind == Kind::too_many);
  ck_assert(uploads->remove(last).has_value());
  taken(uploads->create(spec_of("hello")));
  ck_assert(refused(open_uploads(stor, {.free_bytes = 0, .unfinished_per_owner = 3})->create(spec_of("hello"))).kind ==
            Kind::too_many);
}
END_TEST

START_TEST(old_uploads_are_swept_and_new_parts_keep_them) {
  Stor stor;
  auto uploads = open_uploads(stor, {.free_bytes = 0, .lifetime = 100, .finished_lifetime = 10});
  the_time = 1000;
  auto const old = taken(uploads->create(spec_of("hello"))).id;
  auto const kept = taken(uploads->create(spec_of("hello"))).id;
  auto const done = taken(uploads->create(spec_of("hello"))).id;
  taken(uploads->append(done, 0, "hello", "", {}));
  the_time = 1050;
  taken(uploads->append(kept, 0, "h", "", {}));
  ck_assert_int_eq(uploads->sweep(), 1);
  the_time = 1120;
  ck_assert_int_eq(uploads->sweep(), 1);
  ck_assert(refused(uploads->state(old)).kind == Kind::not_found);
  ck_assert_int_eq(taken(uploads->state(kept)).offset, 1);
  the_time = 1200;
  ck_assert_int_eq(uploads->sweep(), 1);
  ck_assert_uint_eq(files_in(stor.path / "upload"), 0);
}
END_TEST

START_TEST(a_result_is_found_by_its_attempt_and_slave_alone) {
  Stor stor;
  auto spec = spec_of("image", 0);
  spec.attempt = 981;
  spec.slave = 7;
  std::string id;
  {
    auto uploads = open_uploads(stor);
    id = taken(uploads->create(spec)).id;
    ck_assert_says(uploads->finished_upload(id, 981, 7).error().message, "not complete: 0 of 5");
    taken(uploads->append(id, 0, "image", "", {}));
  }
  auto uploads = open_uploads(stor);
  auto const found = uploads->finished_upload(id, 981, 7);
  ck_assert(found.has_value());
  ck_assert_text(content_of(found->path), "image");
  ck_assert_text(found->sha256, digest_of("image"));
  ck_assert(!uploads->finished_upload(id, 981, 8).has_value());
  ck_assert(!uploads->finished_upload(id, 982, 7).has_value());
  auto const persons = taken(uploads->create(spec_of("image"))).id;
  taken(uploads->append(persons, 0, "image", "", {}));
  ck_assert(!uploads->finished_upload(persons, 0, 0).has_value());
  fs::rename(found->path, stor.path / "taken");
  uploads->forget(id);
  uploads->forget(id);
  ck_assert(!uploads->finished_upload(id, 981, 7).has_value());
}
END_TEST

START_TEST(an_attempt_keeps_one_upload_of_each_name_within_its_bytes) {
  Stor stor;
  auto uploads = open_uploads(stor);
  auto spec = spec_of("image", 0);
  spec.attempt = 981;
  spec.slave = 7;
  spec.attempt_bytes = 12;
  spec.filename = "0001.png";
  auto const first = taken(uploads->create(spec)).id;
  spec.filename = "Depth/0001.png";
  auto const second = taken(uploads->create(spec)).id;
  spec.filename = "0001.png";  // after a restart of its slave
  auto const again = taken(uploads->create(spec)).id;
  ck_assert(std::holds_alternative<UploadRejection>(uploads->state(first)));
  ck_assert(std::holds_alternative<UploadState>(uploads->state(second)));
  spec.filename = "Mist/0001.png";
  auto const refused = uploads->create(spec);
  ck_assert(std::get<UploadRejection>(refused).kind == UploadRejection::Kind::too_large);
  spec.slave = 8;  // the bytes of another attempt are its own
  taken(uploads->create(spec));
  ck_assert(std::holds_alternative<UploadState>(uploads->state(again)));
}
END_TEST

START_TEST(parts_of_one_upload_are_taken_one_at_a_time) {
  Stor stor;
  auto uploads = open_uploads(stor);
  std::string const bytes(100000, 'x');
  auto const id = taken(uploads->create(spec_of(bytes))).id;
  std::vector<std::thread> threads;
  std::atomic<int> took{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (std::int64_t at = 0; at < 100000; at += 1000) {
        auto const outcome = uploads->append(id, at, std::string_view(bytes).substr(0, 1000), "", {});
        if (std::holds_alternative<UploadState>(outcome)) ++took;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto const state = taken(uploads->state(id));
  ck_assert_int_eq(took, state.offset / 1000);
  ck_assert_msg(state.finished, "it stands at %ld", static_cast<long>(state.offset));
}
END_TEST

namespace {

TestGroup const addresses_tests{"addresses",
                                {a_signed_address_is_good_until_it_expires, a_changed_address_is_refused,
                                 strange_names_survive_in_addresses, the_key_is_made_once_and_must_be_private}};
TestGroup const blobs_tests{"blobs", {a_blob_is_stored_once_and_linked_into_jobs, sources_never_lie_among_the_frames}};
TestGroup const uploads_tests{
    "uploads",
    {an_upload_comes_in_parts_and_is_finished_once, parts_that_do_not_fit_change_nothing,
     a_file_with_another_digest_is_removed, an_upload_goes_on_after_a_restart, a_restart_does_not_hide_damage,
     a_finish_that_fails_can_be_tried_again, an_empty_file_is_a_file, a_full_disk_keeps_what_arrived,
     nothing_begins_on_a_disk_below_its_limit, nobody_begins_uploads_without_end,
     old_uploads_are_swept_and_new_parts_keep_them, a_result_is_found_by_its_attempt_and_slave_alone,
     an_attempt_keeps_one_upload_of_each_name_within_its_bytes, parts_of_one_upload_are_taken_one_at_a_time},
    {.timeout_s = 30}};

}  // namespace
