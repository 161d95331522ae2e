// The server that has every fault (http_fixture.py), plain and with TLS, and questions to it. For a case's fixture.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "common/http/http_client.h"
#include "common/http/tls.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {

constexpr std::int64_t content_size = 300000;  // of every file that it has
inline std::unique_ptr<HelperProgram> plain_server;
inline std::unique_ptr<HelperProgram> tls_server;
inline std::unique_ptr<ScratchFolder> certificates;

// Once for a program; they end with it.
inline void start_http_servers() {
  if (plain_server) return;
  auto const script = (source_folder() / "tests/support/http_fixture.py").string();
  certificates = std::make_unique<ScratchFolder>();
  if (auto const made = make_self_signed(*certificates / "cert.pem", *certificates / "key.pem", {"localhost"}); !made)
    bail_out(made.error().message);
  plain_server = std::make_unique<HelperProgram>(std::vector<std::string>{"python3", script});
  tls_server = std::make_unique<HelperProgram>(
      std::vector<std::string>{"python3", script, *certificates / "cert.pem", *certificates / "key.pem"});
  if (plain_server->first_line().empty() || tls_server->first_line().empty())
    bail_out("http_fixture.py does not start");
}

inline std::string at(std::string const& path) {
  return fmt::format("http://127.0.0.1:{}{}", plain_server->first_line(), path);
}
inline std::string tls_at(std::string const& path) {
  return fmt::format("https://localhost:{}{}", tls_server->first_line(), path);
}

inline HttpClient::Response get(HttpClient& client, HttpClient::Request const& request) {
  auto response = client.send(request);
  ck_assert_msg(response.has_value(), "%s", response ? "" : response.error().message.c_str());
  return *std::move(response);
}

inline HttpClient::Request request_to(std::string url) {
  HttpClient::Request request;
  request.url = std::move(url);
  return request;
}

inline nlohmann::json json_of(HttpClient& client, HttpClient::Request const& request) {
  return nlohmann::json::parse(get(client, request).body);
}

inline int requests_of(std::string const& path) {
  HttpClient client;
  return json_of(client, request_to(at("/count" + path))).at("count");
}

inline constexpr TestGroup::Options with_http_server{.timeout_s = 60, .before_all = start_http_servers};

}  // namespace distren
