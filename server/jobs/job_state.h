// The states of a job and what they are called in the database, the API and sentences. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "server/store/jobs.h"

namespace distren {

std::string_view job_state_name(store::JobState state);
std::string job_state_names();  // all of them, for people, with spaces between
bool is_job_state(std::string_view name);

}  // namespace distren
