// Result<T>: a value, or an Error that says which operation failed on which file and argument.
//
//   shrike::Result<shrike::Detector> detector = shrike::Detector::load("yolo11n.onnx");
//   if (!detector) std::cerr << detector.error().message << "\n";
//
// A Result is asked with ok(), or as a condition, before its value or its error is taken: asserted.
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
