// How fast slaves are per renderer (method, version, build, device): benchmarked before the first order and then
// monthly, corrected after each result. Without a benchmark (the method has none, or the grid wants none) a core counts
// as one reference core. Powers are thousandths of the reference core, times UNIX ms. Pure; dispatcher's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/economy/points.h"
#include "server/store/points.h"
#include "server/store/slaves.h"

namespace distren {

struct Power {
  std::int64_t benchmark = economy::unit_power;
  std::int64_t power = economy::unit_power;  // corrected
  std::int64_t measured_ms = 0;              // 0: never
  int failures = 0;                          // of benchmarks in a row
  std::int64_t next_try_ms = 0;
  std::string reason{};  // why the last one failed
};

class Benchmarks {
public:
  // methods: those that have a benchmark.
  explicit Benchmarks(std::set<std::string> methods = {}) : benchmarked_(std::move(methods)) {}

  void load(store::Power const& row, std::int64_t now);  // at start-up
  // As each announce says it. On other hardware what was measured holds until it is measured again.
  void set_hardware(std::int64_t slave, std::string_view cpu, int cores);

  [[nodiscard]] Power of(std::int64_t slave, store::Method const& method) const;
  // May it have orders of this method? Not before its first benchmark.
  [[nodiscard]] bool ready(std::int64_t slave, store::Method const& method) const;
  // The last try did not fail just now.
  [[nodiscard]] bool may_try(std::int64_t slave, store::Method const& method, std::int64_t now) const;
  // The benchmark that is to be run now: the first was never run, is a month old, or says nothing any more. Not of what
  // must be fetched first, which a job asks for.
  [[nodiscard]] std::optional<store::Method> due(std::int64_t slave, std::vector<store::Method> const& methods,
                                                 std::int64_t now) const;

  // The method without a benchmark whose last try failed, if there is one.
  [[nodiscard]] std::optional<Power> waiting(std::int64_t slave, std::vector<store::Method> const& methods) const;

  // A benchmark's answer. Refused (invalid) when it is absurd or a picture that was handed in before.
  Result<std::int64_t> measured(std::int64_t slave, store::Method const& method, economy::Benchmark const& run,
                                std::string_view sha256, std::int64_t now);
  void failed(std::int64_t slave, store::Method const& method, std::string reason, std::int64_t now);

  // After an accepted result whose fair value is known.
  void correct(std::int64_t slave, store::Method const& method, std::int64_t fair, std::int64_t claim);
  std::vector<store::Power> take_corrected();  // since the last call, for the database

private:
  struct Entry {
    store::Method method;
    Power power;
    bool corrected = false;  // since take_corrected
  };
  Entry* find(std::int64_t slave, store::Method const& method);
  Entry const* find(std::int64_t slave, store::Method const& method) const;
  Entry& entry(std::int64_t slave, store::Method const& method);

  std::set<std::string> benchmarked_;
  std::unordered_map<std::int64_t, std::vector<Entry>> slaves_;
  std::unordered_map<std::int64_t, std::size_t> hardware_;  // slave -> hash of what it said
  std::unordered_set<std::int64_t> corrected_;              // slaves
  std::deque<std::string> pictures_;                        // digests of the latest benchmark pictures
  std::unordered_set<std::string> seen_;                    // the same
};

}  // namespace distren
