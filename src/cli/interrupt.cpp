#include "cli/interrupt.h"

#include <signal.h>

#include <initializer_list>

namespace shrike {

namespace {

volatile sig_atomic_t first_signal = 0;

void note_interrupt(int signal) {
  if (first_signal == 0) first_signal = signal;
}

}  // namespace

void catch_interrupt() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

int interrupted() { return first_signal; }

}  // namespace shrike
