// Result<T>: a value, or the Error that stands in its place. Expected failures are values; bugs abort. Any thread.
// The names are those of std::expected (C++23), so that this file can go when the compiler has it.
// Errc maps to HTTP status 400/403/404/409/503 and to SQLSTATE DR400/DR403/... in stored procedures.
// An Error's message is for a person: what was wrong, with the value, and what to do about it.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace distren {

enum class Errc { invalid = 400, denied = 403, not_found = 404, conflict = 409, unavailable = 503 };

// One member, parameter or header of a request that is wrong.
struct FieldError {
  std::string in;      // body, query, header or path
  std::string at;      // in a body a JSON pointer ("/frames"; empty: the whole of it), else the name
  std::string code;    // missing, unknown, duplicate, wrong_type, out_of_range, too_long, bad_format or not_found
  std::string detail;  // a sentence
};

struct Error {
  Errc code = Errc::invalid;
  std::string message;
  std::string_view problem{};  // its code in the API (server/http/problem.h), static text; empty: that of the Errc
  std::vector<FieldError> fields{};  // of a request, if single ones are to blame
};

// A union by hand: std::variant costs the compiler a hundred functions for every T, and every file has several.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : has_value_(true) { std::construct_at(&value_, std::move(value)); }
  Result(Error error) : has_value_(false) { std::construct_at(&error_, std::move(error)); }

  Result(Result const& other) requires std::is_copy_constructible_v<T> : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, other.value_);
    } else {
      std::construct_at(&error_, other.error_);
    }
  }
  Result(Result&& other) noexcept : has_value_(other.has_value_) { take(other); }
  Result& operator=(Result other) noexcept {
    destroy();
    has_value_ = other.has_value_;
    take(other);
    return *this;
  }
  ~Result() { destroy(); }

  [[nodiscard]] bool has_value() const { return has_value_; }
  explicit operator bool() const { return has_value_; }

  T& value() & { return *checked(); }
  T const& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  T const& operator*() const& { return *const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  T const* operator->() const { return const_cast<Result*>(this)->checked(); }

  [[nodiscard]] Error const& error() const& {
    if (has_value_) std::abort();
    return error_;
  }
  Error&& error() && {
    if (has_value_) std::abort();
    return std::move(error_);
  }

private:
  T* checked() {
    if (!has_value_) std::abort();  // a bug: the caller did not look before it took
    return &value_;
  }
  void take(Result& other) {
    if (has_value_) {
      std::construct_at(&value_, std::move(other.value_));
    } else {
      std::construct_at(&error_, std::move(other.error_));
    }
  }
  void destroy() {
    if (has_value_) {
      std::destroy_at(&value_);
    } else {
      std::destroy_at(&error_);
    }
  }

  union {
    T value_;
    Error error_;
  };
  bool has_value_;
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
[[nodiscard]] inline Error fail(Errc code, std::string message, std::string_view problem = {}) {
  return Error{code, std::move(message), problem, {}};
}

}  // namespace distren
