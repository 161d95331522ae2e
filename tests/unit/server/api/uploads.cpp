// Uploads over the HTTP API.
#include <filesystem>
#include <string>

#include "server/storage/signed_urls.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

START_TEST(uploads_become_blobs_of_their_owner) {
  Fixture desk;
  auto const secret = desk.person();
  std::string const bytes = "texture " + random_secret();
  auto const digest = to_hex(sha256(bytes));
  auto missing = [&](std::string const& who) {
    return desk.call("POST", "/api/v1/blobs/find-missing", who, {{"sha256", {digest}}}).json["missing"];
  };
  ck_assert_uint_eq(missing(secret).size(), 1);
  auto const made = desk.upload(secret, bytes);
  ck_assert_int_eq(made.status, 201);
  ck_assert_text(made.header("Upload-Offset"), std::to_string(bytes.size()));
  ck_assert(desk.blobs->holds(digest));
  ck_assert_uint_eq(missing(secret).size(), 0);
  ck_assert_uint_eq(missing(desk.person()).size(), 1);  // knowing a digest is not owning the file
  auto const head = desk.call("HEAD", made.header("Location"), secret);
  ck_assert_int_eq(head.status, 200);
  ck_assert_text(head.header("Upload-Length"), std::to_string(bytes.size()));
  ck_assert_says(head.header("Upload-Expires"), "GMT");
  std::string const bad_digest(63, 'a');
  ck_assert_int_eq(desk.call("POST", "/api/v1/blobs/find-missing", secret, {{"sha256", {bad_digest}}}).status, 400);
}
END_TEST

START_TEST(tus_rules_are_kept) {
  Fixture desk;
  auto const secret = desk.person();
  HeaderList const good{{"authorization", "Bearer " + secret},
                        {"tus-resumable", "1.0.0"},
                        {"upload-length", "5"},
                        {"upload-metadata", "filename YQ==,sha256 " + to_base64(to_hex(sha256("hello")))}};
  auto create = [&](std::string const& name, std::string const& value, std::string const& body = "") {
    Request request;
    request.method = "POST";
    request.headers = good;
    request.body = body;
    std::erase_if(request.headers, [&name](auto const& header) { return header.first == name; });
    if (!value.empty()) request.headers.emplace_back(name, value);
    return desk.send(std::move(request), "/api/v1/uploads");
  };
  ck_assert_int_eq(create("tus-resumable", "0.2").status, 412);
  ck_assert_int_eq(create("authorization", "").status, 401);
  ck_assert_int_eq(create("upload-length", "").status, 400);
  ck_assert_int_eq(create("upload-length", "-5").status, 400);
  ck_assert_int_eq(create("upload-length", "99999999999999").status, 413);
  ck_assert_int_eq(create("upload-metadata", "").status, 400);
  ck_assert_int_eq(create("upload-metadata", "sha256 %%%").status, 400);
  ck_assert_int_eq(create("upload-metadata", "sha256 " + to_base64("../../etc/passwd")).status, 400);
  ck_assert_int_eq(create("upload-checksum", "md5 abc").status, 400);
  ck_assert_int_eq(create("content-type", "text/plain", "hello").status, 415);
  auto const made = create("x-nothing", "");
  ck_assert_int_eq(made.status, 201);
  auto const location = made.header("Location");

  auto patch = [&](std::string const& offset, std::string const& body, std::string const& type,
                   std::string const& sum) {
    Request request;
    request.method = "PATCH";
    request.headers = {{"authorization", "Bearer " + secret}, {"tus-resumable", "1.0.0"}, {"content-type", type}};
    if (!offset.empty()) request.headers.emplace_back("upload-offset", offset);
    if (!sum.empty()) request.headers.emplace_back("upload-checksum", sum);
    request.body = body;
    return desk.send(std::move(request), location);
  };
  std::string const part = "application/offset+octet-stream";
  ck_assert_int_eq(patch("0", "he", "text/plain", "").status, 415);
  ck_assert_int_eq(patch("", "he", part, "").status, 400);
  ck_assert_int_eq(patch("1", "he", part, "").status, 409);
  ck_assert_int_eq(patch("0", "hello!", part, "").status, 400);
  ck_assert_int_eq(patch("0", "he", part, "sha256 " + to_base64(as_bytes(sha256("no")))).status, 460);
  ck_assert_int_eq(patch("0", "he", part, "sha256 " + to_base64(as_bytes(sha256("he")))).status, 204);
  ck_assert_int_eq(patch("0", std::string((4 << 20) + 1, 'x'), part, "").status, 413);
  ck_assert_text(desk.call("HEAD", location, secret).header("Upload-Offset"), "2");
  ck_assert_int_eq(patch("2", "LLO", part, "").status, 460);
  ck_assert_int_eq(desk.call("HEAD", location, secret).status, 404);
  auto const options = desk.call("OPTIONS", "/api/v1/uploads");
  ck_assert_int_eq(options.status, 204);
  ck_assert_text(options.header("Tus-Max-Part"), "4194304");
}
END_TEST

START_TEST(an_upload_whose_row_cannot_be_written_is_finished_later) {
  Fixture desk;
  auto const secret = desk.person();
  std::string const bytes = "texture " + random_secret();
  UploadSpec spec{static_cast<std::int64_t>(bytes.size()), to_hex(sha256(bytes)), "", 0, 0, 0};
  spec.user = desk.call("GET", "/api/v1/users/me", secret).json["id"];
  auto const id = std::get<UploadState>(desk.uploads->create(spec)).id;
  auto const away = [](UploadState const&, std::filesystem::path const&) -> Result<void> {
    return Error{Errc::unavailable, "the database is away"};
  };
  ck_assert(std::holds_alternative<UploadRejection>(desk.uploads->append(id, 0, bytes, "", away)));
  ck_assert_int_eq(desk.call("HEAD", "/api/v1/uploads/" + id, secret).status, 200);
  ck_assert(desk.blobs->holds(spec.sha256));
  ck_assert(
      desk.call("POST", "/api/v1/blobs/find-missing", secret, {{"sha256", {spec.sha256}}}).json["missing"].empty());
}
END_TEST

START_TEST(a_slaves_upload_needs_the_signed_address_of_its_order) {
  Fixture desk;
  auto create = [&desk](std::string const& url, std::string const& length) {
    Request request;
    request.method = "POST";
    request.headers = {{"tus-resumable", "1.0.0"},
                       {"upload-length", length},
                       {"upload-metadata", "sha256 " + to_base64(to_hex(sha256("image")))},
                       {"content-type", "application/offset+octet-stream"}};
    request.body = length == "5" ? "image" : "";
    return desk.send(std::move(request), url);
  };
  auto const url = result_upload_url(*desk.signer, 981, 7, "0005.png", 100, desk.now / 1000 + 60);
  auto const made = create(url, "5");
  ck_assert_int_eq(made.status, 201);
  auto const id = made.header("Location").substr(made.header("Location").rfind('/') + 1);
  ck_assert(desk.uploads->finished_upload(id, 981, 7).has_value());
  ck_assert_int_eq(desk.call("HEAD", "/api/v1/uploads/" + id).status, 200);  // the number itself is the secret
  ck_assert_int_eq(create(url, "101").status, 413);
  ck_assert_int_eq(create(url + "0", "5").status, 403);
  ck_assert_int_eq(create(blob_url(*desk.signer, std::string(64, 'a'), 7, desk.now / 1000 + 60), "5").status, 405);
  desk.now += 61000;
  ck_assert_says(create(url, "5").message(), "expired; ask for a new one");
  ck_assert_text(create(url, "5").json["code"], "link_expired");
}
END_TEST

TestGroup const uploads_tests{
    "uploads",
    {uploads_become_blobs_of_their_owner, tus_rules_are_kept, an_upload_whose_row_cannot_be_written_is_finished_later,
     a_slaves_upload_needs_the_signed_address_of_its_order},
    with_database};

}  // namespace
