// Result<T>: a value, or the Error that stands in its place. Expected failures travel as values; bugs abort.
// The names are those of std::expected (C++23), so that this file can go when the compiler has it.
// Errc maps to HTTP status 400/403/404/409/503 and to SQLSTATE DR400/DR403/... in stored procedures.
// An Error's message is for a person: what was wrong, with the value, and what to do about it.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace distren {

enum class Errc { invalid = 400, denied = 403, not_found = 404, conflict = 409, unavailable = 503 };

struct Error {
  Errc code = Errc::invalid;
  std::string message;
};

template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *checked(); }
  T const& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return value(); }
  T const& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return checked(); }
  T const* operator->() const { return const_cast<Result*>(this)->checked(); }

  [[nodiscard]] Error const& error() const& {
    if (has_value()) std::abort();
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    if (has_value()) std::abort();
    return std::move(*std::get_if<1>(&state_));
  }

private:
  T* checked() {
    T* value = std::get_if<0>(&state_);
    if (value == nullptr) std::abort();  // a bug: the caller did not look before it took
    return value;
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] Error const& error() const& {
    if (!error_) std::abort();
    return *error_;
  }
  Error&& error() && {
    if (!error_) std::abort();
    return std::move(*error_);
  }

private:
  std::optional<Error> error_;
};

// Short for the many places that fail: return fail(Errc::invalid, fmt::format(...)).
[[nodiscard]] inline Error fail(Errc code, std::string message) {
  return Error{code, std::move(message)};
}

}  // namespace distren
