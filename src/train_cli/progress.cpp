#include "train_cli/progress.h"

#include <cstdarg>
#include <cstdio>

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenDrawings{200};
constexpr std::chrono::minutes kBetweenLines{1};

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  char text[128];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof text, pattern, values);
  va_end(values);
  return text;
}

std::string speed_text(double images_per_second, double memory_mb, double waited) {
  return format("  %.1f images/s  %.0f MB  waits %.1f %%", images_per_second, memory_mb,
                100 * waited);
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole < 3600) return format("%lld:%02lld", whole / 60, whole % 60);
  return format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(std::vector<std::string> losses, int64_t epochs, int64_t done, std::FILE* terminal,
                   std::FILE* lines)
    : names_(std::move(losses)),
      epochs_(epochs),
      done_before_(done),
      terminal_(terminal),
      lines_(lines),
      start_(Clock::now()) {}

std::string Progress::losses_text(const std::vector<double>& losses) const {
  std::string text;
  for (size_t i = 0; i < losses.size(); ++i)
    text += "  " + names_[i] + format(" %.3f", losses[i]);
  return text;
}

std::string Progress::left(double epochs_done) const {
  const double here = epochs_done - static_cast<double>(done_before_);
  if (here <= 0) return "";
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return "  " + duration_text(seconds / here * (static_cast<double>(epochs_) - epochs_done)) +
         " left";
}

void Progress::batch(const BatchProgress& p) {
  const auto now = Clock::now();
  const Clock::duration pause = terminal_ ? Clock::duration(kBetweenDrawings) : kBetweenLines;
  if (told_ && now - last_ < pause) return;
  last_ = now;
  told_ = true;
  const double done = static_cast<double>(p.epoch - 1) +
                      static_cast<double>(p.batch) / static_cast<double>(p.batches);
  const std::string line =
      format("epoch %lld/%lld  %lld/%lld", static_cast<long long>(p.epoch),
             static_cast<long long>(epochs_), static_cast<long long>(p.batch),
             static_cast<long long>(p.batches)) +
      losses_text(p.losses) + speed_text(p.images_per_second, p.memory_mb, p.waited) + left(done);
  drawn_ = terminal_ != nullptr;
  std::FILE* const out = terminal_ ? terminal_ : lines_;
  // In one row, however narrow: what does not fit is cut by the terminal.
  std::fprintf(out, terminal_ ? "\r\x1b[?7l%s\x1b[K\x1b[?7h" : "%s\n", line.c_str());
  std::fflush(out);
}

void Progress::epoch(const EpochRow& row, bool best) {
  clear();
  last_ = Clock::now();
  const std::string line =
      format("epoch %lld/%lld", static_cast<long long>(row.epoch),
             static_cast<long long>(epochs_)) +
      losses_text(row.losses) + format("  AP %.4f  AP50 %.4f", row.map50_95, row.map50) +
      speed_text(row.images_per_second, row.memory_mb, row.waited) +
      left(static_cast<double>(row.epoch)) + (best ? "  best" : "");
  std::fprintf(lines_, "%s\n", line.c_str());
  std::fflush(lines_);
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", terminal_);
  std::fflush(terminal_);
  drawn_ = false;
}

}  // namespace shrike
