// The HTTP API with accounts that have points; after each test the ledger must be in order.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <string>

#include "server/store/points.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/private_database.h"

namespace distren {

struct Person {
  std::string name;
  std::string secret;
  std::int64_t id = 0;
};

struct PointsFixture : DatabaseThread, ApiFixture {
  PointsFixture() : ApiFixture(*the_database) {}
  ~PointsFixture() { check_ledger(); }  // whatever a test did

  void check_ledger() {
    auto const invariants = store::check_ledger(database);
    ck_assert_good(invariants);
    ck_assert_uint_gt(invariants->size(), 10);
    for (auto const& each : *invariants) {
      ck_assert_msg(each.holds, "%s: %s", each.name.c_str(), each.detail.c_str());
    }
  }

  // As the owner of the database, who may write what the server may not.
  void write_row(std::string const& statement) {
    auto address = *the_database;
    address.user = getpwuid(geteuid())->pw_name;
    address.password.clear();
    Database owner(address);
    ck_assert_good(owner.execute(statement));
  }

  ApiReply spend(std::string const& path, Person const& who, std::string const& key, std::string const& body) {
    Request request;
    request.method = "POST";
    request.headers = {{"authorization", "Bearer " + who.secret}};
    if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
    request.body = body;
    return send(std::move(request), "/api/v1/" + path);
  }
  ApiReply spend(std::string const& path, Person const& who, std::string const& key, nlohmann::json const& body) {
    return spend(path, who, key, body.dump());
  }
  ApiReply adjust(std::string const& key, nlohmann::json const& body) {
    return spend("adjustments", {"admin", admin_session, 1}, key, body);
  }

  // A new account with so many millipoints.
  Person user(std::int64_t millipoints = 0) {
    Person made;
    made.secret = person(&made.name);
    made.id = call("GET", "/api/v1/users/me", made.secret).json["id"];
    if (millipoints > 0) {
      auto const reply =
          adjust("start-" + made.name, {{"to", made.name}, {"millipoints", millipoints}, {"reason", "a start"}});
      ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
    }
    return made;
  }
  std::int64_t job(Person const& owner) {
    ck_assert_good(store::record_blob(database, owner.id, hex_digest('a'), 10));
    auto const made = create_job(database, owner.id, new_job(3));
    ck_assert_good(made);
    ck_assert_good(services->jobs.load_into_dispatcher(database, *made));
    return *made;
  }
  void foretell_a_boost() {
    foretell([](std::int64_t more_escrow) {
      return more_escrow > 0 ? Forecast{2, 1000, 60000, 1'800'000'000'000} : Forecast{7, 0, 60000, 1'800'000'900'000};
    });
  }
  nlohmann::json points(Person const& who) { return call("GET", "/api/v1/points/balance", who.secret).json; }
  nlohmann::json statement(Person const& who, std::string const& query = "") {
    return call("GET", "/api/v1/transactions" + query, who.secret).json;
  }
};

inline std::string boost_path(std::int64_t job) {
  return "jobs/" + std::to_string(job) + "/boosts";
}

}  // namespace distren
