// Result<T>: a value, or an Error that says which operation failed on which file and argument.
//
// The one error policy of Shrike: bad input (a file, a model, a flag, a request) comes back as an
// Error; a broken invariant of our own is an assert. Library code never prints, exits or throws.
// The kind decides the exit code of the command line.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace shrike {

enum class ErrorKind {
  kUsage,    // an argument of the caller's makes no sense
  kInput,    // a picture, a label file, a tensor file, a folder
  kModel,    // a model file, or a graph that cannot be run
  kRuntime,  // the machine: memory, disk, network, a write that failed
};

struct Error {
  ErrorKind kind = ErrorKind::kRuntime;
  std::string message;  // one line, without a full stop; names the file and the argument
};

inline Error usage_error(std::string message) { return {ErrorKind::kUsage, std::move(message)}; }
inline Error input_error(std::string message) { return {ErrorKind::kInput, std::move(message)}; }
inline Error model_error(std::string message) { return {ErrorKind::kModel, std::move(message)}; }
inline Error runtime_error(std::string message) {
  return {ErrorKind::kRuntime, std::move(message)};
}

// The same error, told from one level up: "outer: inner".
inline Error in_context(const std::string& outer, Error error) {
  error.message = outer + ": " + error.message;
  return error;
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), *std::get_if<0>(&state_); }
  const T& value() const& { return assert(ok()), *std::get_if<0>(&state_); }
  T&& value() && { return assert(ok()), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return assert(!ok()), *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return assert(!ok()), *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace shrike

#define SHRIKE_CONCAT_INNER(a, b) a##b
#define SHRIKE_CONCAT(a, b) SHRIKE_CONCAT_INNER(a, b)

// SHRIKE_TRY(expr): returns the error of a Result from the enclosing function.
#define SHRIKE_TRY(expr)                                                  \
  do {                                                                    \
    if (auto shrike_try = (expr); !shrike_try) return shrike_try.error(); \
  } while (false)

// SHRIKE_ASSIGN(auto x, expr): the value of a Result, or returns its error.
#define SHRIKE_ASSIGN(target, expr)                         \
  auto SHRIKE_CONCAT(shrike_result_, __LINE__) = (expr);    \
  if (!SHRIKE_CONCAT(shrike_result_, __LINE__))             \
    return SHRIKE_CONCAT(shrike_result_, __LINE__).error(); \
  target = *std::move(SHRIKE_CONCAT(shrike_result_, __LINE__))
