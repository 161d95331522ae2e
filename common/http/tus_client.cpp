#include "common/http/tus_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/base/digest.h"
#include "common/http/http_error.h"

namespace distren {
namespace {

using std::chrono::milliseconds;

std::optional<std::int64_t> number(std::string const& text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Uploader {
public:
  Uploader(HttpClient& client, TusUpload const& upload)
      : client_(client),
        upload_(upload),
        part_size_(std::max<std::int64_t>(upload.part_size, 1)),
        pause_(upload.first_pause) {}

  Result<std::string> run();

private:
  void resume();
  Result<void> create();
  Result<void> send_part();
  Result<void> ask_where();
  Result<HttpClient::Response> send(HttpClient::Request request, std::int64_t length);
  Result<void> take_offset(HttpClient::Response const& response);
  Error judge(HttpClient::Response const& response);
  [[nodiscard]] HttpClient::Request request(std::string method, std::string url) const;
  [[nodiscard]] bool complete() const { return !location_.empty() && offset_ >= upload_.size; }

  HttpClient& client_;
  TusUpload const& upload_;
  std::int64_t part_size_;
  milliseconds pause_;
  std::string location_;
  std::int64_t offset_ = 0;
  bool smaller_part_ = false;  // the server has just named a smaller limit: that is no failure
  bool full_ = false;          // the server's disk; no wait of ours will change that
  bool lost_ = false;          // the server does not know the upload any more
  std::optional<milliseconds> asked_wait_;
};

HttpClient::Request Uploader::request(std::string method, std::string url) const {
  HttpClient::Request out;
  out.method = std::move(method);
  out.url = std::move(url);
  out.headers.emplace_back("Tus-Resumable", "1.0.0");
  out.bearer = upload_.bearer;
  out.answer_limit = 64U << 10U;
  return out;
}

Result<HttpClient::Response> Uploader::send(HttpClient::Request out, std::int64_t length) {
  if (length > 0) {
    out.headers.emplace_back("Content-Type", "application/offset+octet-stream");
    out.file = HttpClient::FilePart{upload_.path.string(), offset_, length};
    if (upload_.sent) out.sent = [this](std::int64_t bytes) { upload_.sent(offset_ + bytes); };
  }
  return client_.send(out);
}

// An answer that is no success, and what it means for the next attempt.
Error Uploader::judge(HttpClient::Response const& response) {
  if (auto const limit = number(response.header("tus-max-part")); limit && *limit > 0 && *limit < part_size_) {
    part_size_ = *limit;
    smaller_part_ = response.status == 413;
  }
  auto const what = fmt::format("the upload of '{}'", upload_.filename);
  if (response.status == 460)
    return fail(Errc::invalid, fmt::format("'{}' arrived with another SHA-256 than announced; did it change while it "
                                           "was sent? Submit again",
                                           upload_.filename));
  auto error = refusal(response, what);
  full_ = response.status == 507;
  if (response.status == 404 || response.status == 410) lost_ = !location_.empty();
  if (response.status == 409 || response.status == 423) error.code = Errc::unavailable;  // offsets differ, or locked
  if (error.code == Errc::unavailable) asked_wait_ = retry_after(response, pause_);
  return error;
}

Result<void> Uploader::take_offset(HttpClient::Response const& response) {
  auto const offset = number(response.header("upload-offset"));
  if (!offset || *offset < 0 || *offset > upload_.size)
    return fail(Errc::unavailable, fmt::format("the server's answer to the upload of '{}' has no usable Upload-Offset; "
                                               "is it a DistRen server?",
                                               upload_.filename));
  offset_ = *offset;
  if (upload_.sent) upload_.sent(offset_);
  return {};
}

// The address of an earlier process; the login goes to the server of this upload alone.
void Uploader::resume() {
  auto const ours = url_origin(upload_.creation_url);
  auto const theirs = upload_.location.empty() ? ours : url_origin(upload_.location);
  if (ours && theirs && *ours == *theirs) location_ = upload_.location;
}

Result<void> Uploader::create() {
  offset_ = 0;
  auto out = request("POST", upload_.creation_url);
  out.headers.emplace_back("Upload-Length", fmt::to_string(upload_.size));
  out.headers.emplace_back(
      "Upload-Metadata", fmt::format("sha256 {},filename {}", to_base64(upload_.sha256), to_base64(upload_.filename)));
  auto response = send(std::move(out), std::min(part_size_, upload_.size));
  if (!response) return response.error();
  if (response->status != 201) return judge(*response);

  auto location = resolve_url(upload_.creation_url, response->header("location"));
  auto const ours = url_origin(upload_.creation_url);
  auto const theirs = location ? url_origin(*location) : location;
  if (!ours || !theirs || *ours != *theirs)  // the login must not go to another host
    return fail(Errc::invalid, fmt::format("the server placed the upload of '{}' on another host; its public address "
                                           "is set wrongly, tell its operator",
                                           upload_.filename));
  location_ = *location;
  if (upload_.placed) upload_.placed(location_);
  if (response->header("upload-offset").empty()) return {};  // a server without creation-with-upload
  return take_offset(*response);
}

Result<void> Uploader::send_part() {
  auto out = request("PATCH", location_);
  out.headers.emplace_back("Upload-Offset", fmt::to_string(offset_));
  auto response = send(std::move(out), std::min(part_size_, upload_.size - offset_));
  if (!response) return response.error();
  if (!response->ok()) return judge(*response);
  return take_offset(*response);
}

Result<void> Uploader::ask_where() {
  auto response = client_.send(request("HEAD", location_));
  if (!response) return response.error();
  if (!response->ok()) return judge(*response);
  return take_offset(*response);
}

Result<std::string> Uploader::run() {
  auto left = upload_.tries;
  auto furthest = std::int64_t{-1};
  int losses = 0;
  resume();
  bool in_doubt = !location_.empty();  // then only the server knows what arrived
  while (!complete() || in_doubt) {
    Result<void> step = location_.empty() ? create() : in_doubt ? ask_where() : send_part();
    if (step) {
      in_doubt = false;
      if (offset_ > furthest) {
        furthest = offset_;
        left = upload_.tries;
        pause_ = upload_.first_pause;
        continue;
      }
      if (complete() || --left > 0) continue;
      return fail(Errc::unavailable, fmt::format("the server takes no bytes of '{}' after {} of {}; try again later",
                                                 upload_.filename, offset_, upload_.size));
    }
    if (client_.cancelled()) return fail(Errc::unavailable, "interrupted");
    if (full_) return step.error();
    if (smaller_part_) {
      smaller_part_ = false;
      continue;
    }
    in_doubt = !location_.empty();
    if (lost_ && ++losses > 3) return step.error();
    if (lost_) {
      bool const of_another_process = losses == 1 && location_ == upload_.location;
      lost_ = false;
      in_doubt = false;
      location_.clear();
      furthest = -1;
      if (of_another_process) continue;  // it was kept for a day; nothing is wrong
    } else if (step.error().code != Errc::unavailable) {
      return step.error();
    }
    if (--left <= 0) return step.error();
    auto const wait = std::min(asked_wait_.value_or(pause_), milliseconds(60000));
    asked_wait_.reset();
    pause_ = std::min(pause_ * 2, milliseconds(30000));
    if (!client_.pause(wait)) return fail(Errc::unavailable, "interrupted");
  }
  auto const path = location_.substr(0, location_.find_first_of("?#"));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::string> upload_by_tus(HttpClient& client, TusUpload const& upload) {
  return Uploader(client, upload).run();
}

}  // namespace distren
