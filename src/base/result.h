// The one error policy of Shrike: bad input (a file, a model, a flag, a request) comes back as an
// Error (shrike/result.h, which users of the library see, too); a broken invariant of our own is an
// assert. Library code never prints, exits or throws. The kind decides the exit code of the
// command line.
#pragma once

#include <shrike/result.h>

namespace shrike {

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
