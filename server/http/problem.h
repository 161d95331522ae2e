// The catalogue of problems that the HTTP API answers with (RFC 9457, application/problem+json): one entry for each
// code, used by replies, by the pages below /problems/ and by the test that compares it with doc/openapi.yaml.
// Constant; any thread. No errors.
#pragma once

#include <span>
#include <string_view>

namespace distren {

struct ProblemKind {
  std::string_view code;    // as programs read it
  int status = 0;           // HTTP
  std::string_view title;   // the same for all problems of the kind
  std::string_view remedy;  // what whoever gets it can do: a sentence or two
  int retry_after_s = 0;    // Retry-After where nothing better is known; 0: none
};

std::span<ProblemKind const> problem_catalogue();

// The entry of a code; that of internal_error for one that is not in the catalogue.
ProblemKind const& problem_kind(std::string_view code);

// The entry that stands for a status where nothing more special is known.
ProblemKind const& usual_problem(int status);

}  // namespace distren
