// Certificates of one's own, and where TLS may be left out.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/http/tls.h"
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

START_TEST(a_self_signed_certificate_serves_tls_and_its_key_is_private) {
  Folder const folder;
  ck_assert(make_self_signed(folder.path / "c.pem", folder.path / "k.pem", {"localhost", "127.0.0.1"}).has_value());
  ck_assert(server_tls(folder.path / "c.pem", folder.path / "k.pem").has_value());
  struct stat info {};
  ck_assert_int_eq(stat((folder.path / "k.pem").c_str(), &info), 0);
  ck_assert_uint_eq(info.st_mode & 0777, 0600);
  auto const wrong = server_tls(folder.path / "none.pem", folder.path / "k.pem");
  ck_assert(!wrong);
  ck_assert_says(wrong.error().message, "none.pem");
}
END_TEST

START_TEST(the_line_without_tls_leaves_this_machine_never) {
  auto const stream = LineStream::connect({.host = "203.0.113.1", .port = 4554, .ca_file = {}, .plain = true},
                                          std::chrono::milliseconds(100));
  ck_assert(!stream && stream.error().code == Errc::denied);
}
END_TEST

TestGroup const tls_tests{
    "tls",
    {a_self_signed_certificate_serves_tls_and_its_key_is_private, the_line_without_tls_leaves_this_machine_never}};

}  // namespace
