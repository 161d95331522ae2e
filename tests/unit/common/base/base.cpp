// Digests, durable files, paths and JSON from strangers, configuration, log.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/config.h"
#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/base/similar_word.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    char name[] = "/tmp/distren-check-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(name));
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
};

START_TEST(sha256_and_hmac_agree_with_their_standards) {
  ck_assert_text(to_hex(sha256("abc")),
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  ck_assert_text(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
}
END_TEST

START_TEST(a_password_verifies_against_its_own_hash_alone) {
  std::string const hash = hash_password("correct horse");
  ck_assert(verify_password("correct horse", hash));
  ck_assert(!verify_password("correct horsf", hash));
  ck_assert(hash != hash_password("correct horse"));
  for (auto const* broken :
       {"", "scrypt", "scrypt$15$8$1$x$", "scrypt$99$8$1$abc$00", "md5$15$8$1$abc$00", "scrypt$-1$8$1$a$b"})
    ck_assert_msg(!verify_password("correct horse", broken), "%s", broken);
}
END_TEST

START_TEST(secrets_are_long_and_never_repeat) {
  std::string const secret = random_secret();
  ck_assert_uint_eq(secret.size(), 32);
  ck_assert(secret != random_secret());
  ck_assert_uint_eq(secret.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
}
END_TEST

START_TEST(base64_and_hexadecimal_come_back_as_they_went) {
  for (std::string const text : {"", "a", "ab", "abc", "abcd"})
    ck_assert_text(from_base64(to_base64(text)).value(), text);
  ck_assert(!from_base64("a") && !from_base64("====") && !from_base64("a b="));
  ck_assert_text(from_hex("00ff").value(), std::string("\0\xff", 2));
  ck_assert(!from_hex("0") && !from_hex("0g") && !from_hex("+1"));
  ck_assert(is_sha256_hex(std::string(64, 'a')) && !is_sha256_hex(std::string(64, 'A')) && !is_sha256_hex("ab"));
}
END_TEST

START_TEST(a_durable_write_replaces_whole_and_leaves_no_trace) {
  Folder const folder;
  ck_assert(write_file_durably(folder.path / "f", "one", 0600).has_value());
  ck_assert(write_file_durably(folder.path / "f", "two", 0600).has_value());
  ck_assert_text(read_file(folder.path / "f").value(), "two");
  struct stat info {};
  ck_assert_int_eq(stat((folder.path / "f").c_str(), &info), 0);
  ck_assert_uint_eq(info.st_mode & 0777, 0600);
  ck_assert_int_eq(std::distance(fs::directory_iterator(folder.path), {}), 1);
  ck_assert(!write_file_durably(folder.path / "gone" / "f", "x"));
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_the_old_file_stands) {
  if (access("/dev/full", W_OK) != 0) return;
  Folder const folder;
  ck_assert(write_file_durably(folder.path / "f", "old").has_value());
  rlimit const small{1024, 1024};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);  // as ENOSPC, but without a disk of our own
  auto const written = write_file_durably(folder.path / "f", std::string(1 << 20, 'x'));
  ck_assert(!written && written.error().code == Errc::unavailable);
  ck_assert_text(read_file(folder.path / "f").value(), "old");
  ck_assert_int_eq(std::distance(fs::directory_iterator(folder.path), {}), 1);
}
END_TEST

START_TEST(paths_from_strangers_stay_inside) {
  for (auto const* good : {"a", "a/b.png", "tex/Holz 1.png", "a..b", "...", "ü/ß.exr"})
    ck_assert_msg(check_relative_path(good).has_value(), "%s", good);
  for (std::string const& bad :
       {std::string(""), std::string("/a"), std::string("../a"), std::string("a/../b"), std::string("a//b"),
        std::string("a/"), std::string("./a"), std::string("a\\b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string(1001, 'a'), std::string(256, 'a'), std::string("C:\\x")}) {
    auto const checked = check_relative_path(bad);
    ck_assert_msg(!checked, "%s", bad.c_str());
    ck_assert_says(checked.error().message, "cannot be used");
  }
}
END_TEST

START_TEST(a_configuration_names_every_wrong_setting_with_its_line) {
  auto config = Config::parse("port = 70000\nname = 5\n[tls]\nkeyy = \"x\"\n", "distrend.toml");
  ck_assert(config.has_value());
  int port = 1;
  std::string name = "grid";
  config->read("port", port, 1, 65535);
  config->read("name", name);
  auto const done = config->finish();
  ck_assert(!done);
  ck_assert_says(done.error().message, "distrend.toml:1: port = 70000");
  ck_assert_says(done.error().message, "distrend.toml:2: name = 5");
  ck_assert_says(done.error().message, "distrend.toml:4: there is no setting 'tls.keyy'");
  ck_assert_int_eq(port, 1);
  auto const broken = Config::parse("a = [", "x.toml");
  ck_assert(!broken);
  ck_assert_says(broken.error().message, "x.toml:1");
}
END_TEST

START_TEST(a_renamed_or_mistyped_setting_is_reported_with_the_right_name) {
  auto config = Config::parse("url = \"https://a\"\n[limits]\nfremes = 1\nxyz = 2\n", "distrend.toml");
  ck_assert(config.has_value());
  std::string url;
  int frames = 0;
  config->read("public_url", url);
  config->read("limits.frames", frames, 1, 10);
  constexpr std::array<RenamedSetting, 1> renamed{{{"url", "public_url"}}};
  auto const done = config->finish(renamed);
  ck_assert(!done);
  ck_assert_says(done.error().message, "distrend.toml:1: there is no setting 'url'; it is called 'public_url' now");
  ck_assert_says(done.error().message,
                 "distrend.toml:3: there is no setting 'limits.fremes'; did you mean 'limits.frames'?");
  ck_assert_says(done.error().message, "distrend.toml:4: there is no setting 'limits.xyz'\n");
}
END_TEST

START_TEST(a_similar_word_is_found_within_a_third_of_its_letters) {
  std::array<std::string_view, 4> const words{"submit", "jobs", "job", "pause"};
  ck_assert_uint_eq(edit_distance("", "abc"), 3);
  ck_assert_uint_eq(edit_distance("kitten", "sitting"), 3);
  ck_assert_uint_eq(edit_distance("sumbit", "submit"), 1);
  ck_assert_str_eq(similar_word("sumbit", words).c_str(), "submit");
  ck_assert_str_eq(similar_word("pasue", words).c_str(), "pause");
  ck_assert_str_eq(similar_word("job", words).c_str(), "job");
  ck_assert_str_eq(similar_word("xyz", words).c_str(), "");
  ck_assert_str_eq(similar_word(std::string(100'000, 'a'), words).c_str(), "");
}
END_TEST

START_TEST(what_strangers_say_cannot_look_like_a_line_of_the_log) {
  ck_assert_text(quote("a\nb\"c\\"), R"("a\x0ab\"c\\")");
  ck_assert_uint_lt(quote(std::string(5000, 'x')).size(), 600);
  ck_assert(!start_log("x", "loud", ""));
}
END_TEST

START_TEST(a_signature_holds_for_its_key_and_text_alone) {
  // RFC 8032, 7.1, TEST 2
  auto const secret = *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  auto const key = public_key_of(secret);
  ck_assert_text(to_hex(key.data(), key.size()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  auto const signature = sign(secret, "\x72");
  ck_assert_text(to_hex(signature.data(), signature.size()),
                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  ck_assert(verify_signature(key, "\x72", signature));
  ck_assert(!verify_signature(key, "\x73", signature));
  ck_assert(!verify_signature(public_key_of(std::string(32, 'k')), "\x72", signature));
  ck_assert(!verify_signature(key, "\x72", signature.substr(0, 63)));
  ck_assert(!verify_signature(key.substr(1), "\x72", signature));
  ck_assert(!verify_signature("", "\x72", ""));
}
END_TEST

START_TEST(json_that_is_nested_too_deep_is_none) {
  auto const nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  ck_assert(parse_shallow_json(nested(32)).is_object());
  ck_assert(parse_shallow_json(nested(33)).is_discarded());
  ck_assert(parse_shallow_json(nested(1000000)).is_discarded());
  ck_assert(parse_shallow_json("{").is_discarded());
  // Neither brackets in text nor those beside each other count.
  ck_assert_uint_eq(parse_shallow_json(R"(["\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["])").size(), 1);
  std::string wide = "[0";
  for (int i = 0; i < 100; ++i) wide += ",[{}]";
  ck_assert_uint_eq(parse_shallow_json(wide + "]").size(), 101);
}
END_TEST

TestGroup const digests_tests{
    "digests",
    {sha256_and_hmac_agree_with_their_standards, a_password_verifies_against_its_own_hash_alone,
     secrets_are_long_and_never_repeat, base64_and_hexadecimal_come_back_as_they_went}};
TestGroup const files_tests{"files",
                            {a_durable_write_replaces_whole_and_leaves_no_trace,
                             a_full_disk_is_an_error_and_the_old_file_stands, paths_from_strangers_stay_inside}};
TestGroup const input_tests{
    "input",
    {a_configuration_names_every_wrong_setting_with_its_line,
     a_renamed_or_mistyped_setting_is_reported_with_the_right_name,
     a_similar_word_is_found_within_a_third_of_its_letters, what_strangers_say_cannot_look_like_a_line_of_the_log,
     json_that_is_nested_too_deep_is_none}};

}  // namespace
