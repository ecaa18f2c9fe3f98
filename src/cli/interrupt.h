// Ctrl-C, or a request to end, during long work: the item at hand is finished or cleaned up after,
// then the work stops. The same signal again ends the process at once.
#pragma once

#include <signal.h>

namespace shrike {

inline constexpr int kInterrupts[] = {SIGINT, SIGTERM, SIGHUP};

// While one lives, the first of each of these signals is only noted. Those that the process was
// started to ignore (nohup, a shell's background jobs) stay ignored. One at a time.
class CatchInterrupts {
 public:
  CatchInterrupts();
  CatchInterrupts(const CatchInterrupts&) = delete;
  CatchInterrupts& operator=(const CatchInterrupts&) = delete;
  ~CatchInterrupts();

 private:
  struct sigaction before_[3];
};

// The signal that was noted first; 0 while there was none.
int interrupted();

}  // namespace shrike
