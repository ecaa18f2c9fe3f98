#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace shrike {

namespace {

constexpr int kBarWidth = 24;
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && !(no_colour && *no_colour) &&
         !(terminal && std::string_view(terminal) == "dumb");
}

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

void say(std::string_view line) {
  const std::string text = "shrike: " + std::string(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string progress_text(uint64_t done, uint64_t total, double seconds) {
  done = std::min(done, total);
  const double fraction = total ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const auto filled = static_cast<size_t>(fraction * kBarWidth);
  std::string text = "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " +
                     std::to_string(done) + "/" + std::to_string(total);
  if (done == 0 || seconds <= 0) return text;
  const double rate = static_cast<double>(done) / seconds;
  char rest[64];
  std::snprintf(rest, sizeof rest, "  %.*f/s  %.0f s left", rate < 100 ? 1 : 0, rate,
                static_cast<double>(total - done) / rate);
  return text + rest;
}

ProgressBar::ProgressBar(uint64_t total, bool shown)
    : total_(total),
      shown_(shown && total >= kFewItems && stderr_is_terminal()),
      start_(std::chrono::steady_clock::now()) {}

void ProgressBar::set(uint64_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || (drawn_ && now - last_ < kRedrawEvery)) return;
  const std::string text = "\r\x1b[K" + progress_text(done, total_, seconds_between(start_, now));
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  drawn_ = true;
  last_ = now;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace shrike
