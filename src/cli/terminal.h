// What a person at a terminal sees: colours, lines on standard error, a progress bar.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shrike {

// Standard output is a terminal, NO_COLOR is unset or empty (no-color.org), TERM is not "dumb".
bool colour_wanted();

bool stderr_is_terminal();

// "shrike: LINE" on standard error.
void say(std::string_view line);

// One line that fills up, for work of a known size; without a terminal it is silent.
//
//   [############--------] 60/100  12.3/s  3 s left
class ProgressBar {
 public:
  // Nothing is drawn for less than kFewItems.
  static constexpr uint64_t kFewItems = 5;
  ProgressBar(uint64_t total, bool shown);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void set(uint64_t done);
  // Takes the line away, so that something else can be printed; the next set() draws it again.
  void clear();

 private:
  uint64_t total_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

// The bar's text, for `done` of `total` items (or bytes) in `seconds`.
std::string progress_text(uint64_t done, uint64_t total, double seconds);

}  // namespace shrike
