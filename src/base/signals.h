// Signals that ask the process to end, held back while something must not be left half done.
#pragma once

#include <signal.h>

namespace shrike {

// While this lives, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not reach the calling thread; one that
// came meanwhile arrives when it goes. A signal to the whole process reaches any thread that does
// not hold it back: threads started under this one hold it back for good, so that it is left to
// those who started them.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ends, signal);
    pthread_sigmask(SIG_BLOCK, &ends, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace shrike
