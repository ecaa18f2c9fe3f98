#include "cli/interrupt.h"

#include <iterator>
#include <type_traits>

namespace shrike {

namespace {

volatile sig_atomic_t first_signal = 0;

void note_interrupt(int signal) {
  if (first_signal == 0) first_signal = signal;
}

}  // namespace

CatchInterrupts::CatchInterrupts() {
  static_assert(std::size(kInterrupts) == std::extent_v<decltype(before_)>);
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (size_t i = 0; i < std::size(kInterrupts); ++i) {
    ::sigaction(kInterrupts[i], &action, &before_[i]);
    if (before_[i].sa_handler == SIG_IGN) ::sigaction(kInterrupts[i], &before_[i], nullptr);
  }
}

CatchInterrupts::~CatchInterrupts() {
  for (size_t i = 0; i < std::size(kInterrupts); ++i)
    ::sigaction(kInterrupts[i], &before_[i], nullptr);
}

int interrupted() { return first_signal; }

}  // namespace shrike
