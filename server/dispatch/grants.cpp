#include "server/dispatch/grants.h"

#include <algorithm>

namespace distren {

namespace {

constexpr std::size_t samples_kept = 128;
constexpr int samples_of_user = 16;

}  // namespace

bool Grants::add(Job& job, economy::Sample const& sample) {
  int& count = job.of_user[sample.user];
  bool const is_new = count == 0;
  auto oldest = job.samples.end();
  if (count >= samples_of_user)
    oldest = std::ranges::find(job.samples, sample.user, &economy::Sample::user);
  else if (job.samples.size() >= samples_kept)
    oldest = job.samples.begin();
  ++count;
  if (oldest != job.samples.end()) {
    if (auto const user = job.of_user.find(oldest->user); --user->second == 0) job.of_user.erase(user);
    job.samples.erase(oldest);
  }
  job.samples.push_back(sample);
  return is_new;
}

std::optional<std::int64_t> Grants::fair_value(std::int64_t job, std::int64_t frame, std::int64_t user) const {
  auto const found = jobs_.find(job);
  if (found == jobs_.end()) return std::nullopt;
  std::size_t const others = found->second.of_user.size() - found->second.of_user.count(user);
  if (others < economy::users_for_value) return std::nullopt;
  return economy::fair_value(found->second.samples, frame, user);
}

std::vector<SettledClaim> Grants::accepted(std::int64_t job_id, HeldClaim const& claim, bool held) {
  std::vector<SettledClaim> settled;
  Job& job = jobs_[job_id];
  if (held) job.held.push_back(claim);
  // Only a user who had no sample before can make a value possible that was not.
  bool const decides = add(job, {claim.frame, claim.user, claim.claim}) || held;
  if (!decides || job.of_user.size() < economy::users_for_value) return settled;
  std::erase_if(job.held, [&](HeldClaim const& each) {
    auto const fair = fair_value(job_id, each.frame, each.user);
    if (!fair) return false;
    settled.push_back({each, *fair, economy::grant(each.claim, *fair)});
    return true;
  });
  return settled;
}

void Grants::load_claim(std::int64_t job, economy::Sample const& sample) {
  add(jobs_[job], sample);
}

void Grants::load_held(std::int64_t job, HeldClaim const& held) {
  jobs_[job].held.push_back(held);
}

void Grants::forget_job(std::int64_t job) {
  jobs_.erase(job);
}

}  // namespace distren
