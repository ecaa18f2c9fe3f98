// Exit codes, which scripts rely on.
#pragma once

#include "base/result.h"

namespace shrike {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInput = 3;
inline constexpr int kExitModel = 4;
inline constexpr int kExitRuntime = 5;
inline constexpr int kExitInterrupted = 130;  // as shells count SIGINT: 128 + 2

constexpr int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return kExitUsage;
    case ErrorKind::kInput:
      return kExitInput;
    case ErrorKind::kModel:
      return kExitModel;
    case ErrorKind::kRuntime:
      return kExitRuntime;
  }
  return kExitRuntime;
}

}  // namespace shrike
