// What was counted and how long things took, as a table for people and as one JSON object. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace distren::load {

// Durations in microseconds, in buckets at most 1.6 % wide; longer than 19 hours counts as that.
class Durations {
public:
  void add(std::int64_t microseconds);
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] double percentile_ms(double percent) const;  // 0 when there is none
  [[nodiscard]] double longest_ms() const { return static_cast<double>(longest_) / 1000; }

private:
  static constexpr int fine = 6;  // bits: 64 buckets for each power of two
  static constexpr int powers = 30;
  std::array<std::int64_t, (std::size_t{powers} + 1) << fine> buckets_{};
  std::int64_t count_ = 0;
  std::int64_t longest_ = 0;
};

struct ProcessUse {
  int pid = 0;
  std::string name;
  double cpu_s = 0;
  std::int64_t resident = 0;  // bytes
};
ProcessUse process_use(int pid);  // zeros when there is no such process

struct Watched {
  ProcessUse before{};     // nobody is connected
  ProcessUse connected{};  // all are, nothing has been done
  ProcessUse start{};      // of what is measured
  ProcessUse end{};
};

struct Figures {
  std::int64_t slaves = 0;
  std::int64_t signed_on = 0;
  double sign_on_s = 0;  // until all were there
  double seconds = 0;    // measured
  std::int64_t orders = 0;
  std::int64_t results = 0;    // accepted
  std::int64_t cancelled = 0;  // the server wanted them no longer: another slave was first, the job is gone
  Durations accepted;          // from saying a result to `accepted`
  Durations next_order;        // from saying a result to the next order
  std::map<std::string, std::int64_t> troubles;
  std::vector<std::string> samples;  // a few of them in words
  std::vector<Watched> watched;
  double own_cpu_s = 0;

  void trouble(std::string const& kind, std::string const& words);
  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string json() const;
};

}  // namespace distren::load
