#include "server/http/problem.h"

#include <algorithm>
#include <array>

namespace distren {

namespace {

constexpr std::array catalogue{
    ProblemKind{"malformed_json", 400, "The body is not valid JSON",
                "Send one JSON object in UTF-8, without members that occur twice, nested at most 32 levels deep."},
    ProblemKind{"invalid_request", 400, "The request is invalid",
                "Correct the members and parameters that `errors` names, then send it again."},
    ProblemKind{"cursor_invalid", 400, "The cursor is not one of this list",
                "Start again without a cursor; a cursor belongs to one list with one filter and order."},
    ProblemKind{
        "idempotency_key_missing", 400, "An Idempotency-Key is required",
        "Send an Idempotency-Key of 1 to 64 letters, digits and . _ - : that is new for each thing to be done."},
    ProblemKind{"client_too_old", 400, "The program is too old for this grid",
                "Upgrade it; GET /api/v1/grid tells the oldest versions that are welcome."},
    ProblemKind{"ambiguous_http", 400, "The HTTP message can be read in two ways",
                "Send one Content-Length or one Transfer-Encoding, and each header in the form of RFC 9112."},
    ProblemKind{"unauthenticated", 401, "A login is required",
                "Send Authorization: Bearer with the secret of a login or an API token."},
    ProblemKind{"session_ended", 401, "The login has ended", "Log in again."},
    ProblemKind{"wrong_credentials", 401, "The name or the password is wrong", "Check both and try again."},
    ProblemKind{"forbidden", 403, "This is not allowed", "Ask an administrator of the grid."},
    ProblemKind{"scope_missing", 403, "The API token lacks a scope",
                "Create an API token with the scope that `detail` names."},
    ProblemKind{"csrf_failed", 403, "The X-CSRF-Token is missing or wrong", "Reload the page."},
    ProblemKind{"cross_site", 403, "The request comes from another site", "Open the grid's own page."},
    ProblemKind{"account_blocked", 403, "The account is blocked", "Ask an administrator of the grid."},
    ProblemKind{"login_too_old", 403, "The login is too old for this",
                "Log in again, then repeat the request within five minutes."},
    ProblemKind{"registration_closed", 403, "Registration is closed",
                "Ask the administrator of the grid for an account."},
    ProblemKind{"invitation_invalid", 403, "The invitation is not valid", "Ask for another one; each works once."},
    ProblemKind{"link_invalid", 403, "The signed address is not valid",
                "Ask for a new address; do not change a signed one."},
    ProblemKind{"link_expired", 403, "The signed address has expired", "Ask for a new address."},
    ProblemKind{"not_found", 404, "Not found",
                "Check the number; what belongs to somebody else reads the same as what does not exist."},
    ProblemKind{"method_not_allowed", 405, "The method is not allowed here",
                "Use a method that the Allow header lists."},
    ProblemKind{"unsupported_media_type", 415, "The Content-Type is not supported here",
                "Send the body in a type that `detail` names."},
    ProblemKind{"range_not_satisfiable", 416, "The range begins after the end of the file",
                "Ask for a range within the file."},
    ProblemKind{"state_conflict", 409, "The state does not allow this", "Look at the present state, then decide anew."},
    ProblemKind{"name_taken", 409, "The name is taken", "Choose another name."},
    ProblemKind{"insufficient_points", 409, "There are not enough points",
                "Spend at most the points that are available."},
    ProblemKind{"files_missing", 409, "Files are missing on the server",
                "Upload the files that `detail` names, then send the request again."},
    ProblemKind{"no_renderer", 409, "The grid has no renderer for this",
                "Choose one of the renderers that `detail` names, or ask an administrator of the grid to add one."},
    ProblemKind{"quota_exceeded", 409, "A quota is exhausted",
                "Delete what is no longer needed, or ask an administrator for more."},
    ProblemKind{"upload_offset_differs", 409, "The upload is at another offset",
                "Ask by HEAD for the offset and continue there."},
    ProblemKind{"slave_online_elsewhere", 409, "Another program uses this slavekey",
                "Stop the other program; create one slave for each PC."},
    ProblemKind{
        "remote_settings_refused", 409, "The slave accepts no remote settings",
        "Its volunteer can allow them by remote_settings = true under [availability]; the slave must be online."},
    ProblemKind{"request_in_progress", 409, "The first request with this Idempotency-Key is still being done",
                "Retry after as long as Retry-After says, with the same key.", 1},
    ProblemKind{"precondition_failed", 412, "The resource has another revision",
                "Look at it again, then change what is there now."},
    ProblemKind{"tus_version", 412, "The version of tus is not supported", "Use a version that Tus-Version lists."},
    ProblemKind{"too_large", 413, "The body is too large", "Send less at a time."},
    ProblemKind{"idempotency_key_reused", 422, "The Idempotency-Key was used for another request",
                "Use a new key for each thing to be done."},
    ProblemKind{"rate_limited", 429, "Too many requests", "Wait as long as Retry-After says.", 5},
    ProblemKind{"sign_in_throttled", 429, "Too many attempts to log in", "Wait as long as Retry-After says.", 5},
    ProblemKind{"too_many_streams", 429, "Too many event streams are open", "Close pages that are not needed.", 5},
    ProblemKind{"mail_limit", 429, "Too many e-mails were requested", "Wait as long as Retry-After says.", 3600},
    ProblemKind{"checksum_mismatch", 460, "The checksum of the part differs", "Send the part again."},
    ProblemKind{"disk_full", 507, "The server's disk is full", "Try again later; the administrator must free space."},
    ProblemKind{"internal_error", 500, "Internal server error",
                "See the server log, where the Request-Id stands beside the cause."},
    ProblemKind{"busy", 503, "The server is busy", "Retry after as long as Retry-After says.", 5},
    ProblemKind{"database_unavailable", 503, "The database is unavailable",
                "Retry after as long as Retry-After says; the server reconnects automatically.", 5},
    ProblemKind{"shutting_down", 503, "The server is shutting down", "Retry after as long as Retry-After says.", 5},
    ProblemKind{"not_ready", 503, "The server is not ready", "Retry after as long as Retry-After says.", 5}};

std::string_view usual_code(int status) {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
    case 410:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 409:
    case 423:
      return "state_conflict";
    case 413:
      return "too_large";
    case 415:
      return "unsupported_media_type";
    case 416:
      return "range_not_satisfiable";
    case 429:
      return "rate_limited";
    case 460:
      return "checksum_mismatch";
    case 503:
      return "busy";
    case 507:
      return "disk_full";
    default:
      return status >= 500 ? "internal_error" : "invalid_request";
  }
}

}  // namespace

std::span<ProblemKind const> problem_catalogue() {
  return catalogue;
}

ProblemKind const& problem_kind(std::string_view code) {
  auto const found = std::ranges::find(catalogue, code, &ProblemKind::code);
  return found != catalogue.end() ? *found : problem_kind("internal_error");
}

ProblemKind const& usual_problem(int status) {
  return problem_kind(usual_code(status));
}

}  // namespace distren
