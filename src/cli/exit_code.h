// Exit codes, which scripts rely on.
#pragma once

#include "base/result.h"

namespace shrike {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInput = 3;
inline constexpr int kExitModel = 4;
inline constexpr int kExitRuntime = 5;
inline constexpr int kExitAccuracy = 6;
inline constexpr int kExitSlower = 7;

struct ExitCodeRow {
  int code;
  const char* meaning;
};
inline constexpr ExitCodeRow kExitCodes[] = {
    {kExitOk, "Done."},
    {kExitUsage, "Usage: an option, a command or a name that makes no sense."},
    {kExitInput,
     "Input: a picture, an array or a data set that cannot be read, or a picture too large to draw "
     "on. The other pictures are done."},
    {kExitModel, "Model: a file that cannot be read or run."},
    {kExitRuntime, "The machine: network, disk, memory."},
    {kExitAccuracy, "Accuracy: quantize lost more than --max-drop allows, and wrote nothing."},
    {kExitSlower,
     "Speed: quantize --to mixed found no integers that are faster, and wrote nothing."},
};

// As shells count an end by a signal: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP.
constexpr int exit_code_of_signal(int signal) { return 128 + signal; }

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
