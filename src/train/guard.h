// Where LibTorch's exceptions end: everything in this folder that calls it does so inside
// guarded().
#pragma once

#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "base/memory.h"
#include "base/result.h"

namespace shrike::train {

// The first line of what LibTorch says; the rest is its own call stack.
inline std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

// What `call` returns, a value or a Result; what it throws as an error (kRuntime): "what: why".
template <typename Call>
auto guarded(const std::string& what, Call&& call) {
  using Value = std::invoke_result_t<Call>;
  constexpr bool gives_result = requires(Value v) { v.error(); };
  using Guarded = typename std::conditional_t<gives_result, std::type_identity<Value>,
                                              std::type_identity<Result<Value>>>::type;
  try {
    if constexpr (std::is_void_v<Value>) {
      std::forward<Call>(call)();
      return Guarded{};
    } else {
      return Guarded{std::forward<Call>(call)()};
    }
  } catch (const std::bad_alloc&) {
    return Guarded{out_of_memory(what)};
  } catch (const std::exception& error) {
    return Guarded{runtime_error(what + ": " + first_line(error))};
  }
}

}  // namespace shrike::train
