#include "server/dispatch/oldest_first.h"

namespace distren {

void OldestFirst::add_job(PolicyJob const& job) {
  remove_job(job.id);
  jobs_[job.id] = job;
  User& user = users_[job.user];
  if (!user.by_age.empty()) users_by_oldest_.erase(*user.by_age.begin());
  user.by_age.insert(job.id);
  user.by_wish.emplace(-job.priority, job.id);
  users_by_oldest_[*user.by_age.begin()] = job.user;
}

void OldestFirst::remove_job(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return;
  PolicyJob const job = found->second;
  jobs_.erase(found);
  User& user = users_[job.user];
  users_by_oldest_.erase(*user.by_age.begin());
  user.by_age.erase(id);
  user.by_wish.erase({-job.priority, id});
  if (user.by_age.empty())
    users_.erase(job.user);
  else
    users_by_oldest_[*user.by_age.begin()] = job.user;
}

void OldestFirst::choose(PolicySlave const&, std::function<bool(std::int64_t job)> const& take) {
  for (auto const& [oldest, user] : users_by_oldest_) {
    for (auto const& [wish, job] : users_.at(user).by_wish) {
      if (take(job)) return;  // take may remove the job from this policy: touch nothing after it
    }
  }
}

}  // namespace distren
