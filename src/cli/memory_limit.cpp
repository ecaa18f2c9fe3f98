#include "cli/memory_limit.h"

#include <malloc.h>

#include <algorithm>
#include <system_error>

#include "base/cpu.h"
#include "cli/arguments.h"
#include "cli/picture_pipeline.h"
#include "cli/terminal.h"
#include "vision/decode.h"

namespace shrike {

namespace {

constexpr int kMostMegabytes = 1'000'000;

// The program, its libraries and the model's graph without its weights, and what a thread has
// beside the first: what a process takes that plan and command do not count, rounded up
// (docs/decisions/010-memory-limit.md).
constexpr size_t kProgramBytes = 9'500'000, kThreadBytes = 250'000;

// What Cairo, its libraries and a font take beside the program.
constexpr size_t kDrawingBytes = 3'000'000;

}  // namespace

void add_memory_limit_option(CLI::App& app, int& megabytes) {
  app.add_option("--memory-limit", megabytes,
                 "Most memory of the whole process, in MB (10^6 bytes): slower kernels with "
                 "smaller weights, as far as it takes; 0: no limit")
      ->capture_default_str()
      ->check(whole_number_in(0, kMostMegabytes));
}

MemoryLimit process_limit(int megabytes, size_t own, size_t sessions) {
#ifdef __GLIBC__
  // Pictures go back to the system, not to the heap of the thread that happened to read them.
  if (megabytes > 0) ::mallopt(M_MMAP_THRESHOLD, 1 << 17);
#endif
  return {static_cast<size_t>(megabytes) * 1'000'000, kProgramBytes + own, sessions, kThreadBytes};
}

void tell_fewer_threads(const MemoryLimit& limit, int wanted, int threads) {
  if (wanted == 0) wanted = usable_cores();
  if (limit.bytes == 0 || threads >= wanted) return;
  say("the limit of " + megabytes(limit.bytes) + " leaves room for " + std::to_string(threads) +
      " of " + std::to_string(wanted) + " threads");
}

size_t picture_bytes(const std::vector<std::filesystem::path>& pictures, bool drawn,
                     size_t streams) {
  // Those that are read by each stream's share, the others that wait or are looked at; Cairo's four
  // bytes and what is encoded.
  const size_t at_once = std::min(pictures.size(), pictures_at_once(streams, drawn));
  const size_t read = std::min(at_once, streams);
  const size_t bytes_a_pixel =
      kDecodedBytes * read + 3 * (at_once - read) + (drawn ? (4 + 3) * read : 0);
  size_t most = 0;
  for (const std::filesystem::path& path : pictures) {
    const Result<PictureSize> size = read_picture_size(path);
    if (!size) continue;
    std::error_code error;
    const uintmax_t file = std::filesystem::file_size(path, error);
    const size_t pixels = static_cast<size_t>(size->width) * static_cast<size_t>(size->height);
    most = std::max(most, pixels * bytes_a_pixel + (error ? 0 : read * static_cast<size_t>(file)));
  }
  return most + (drawn ? kDrawingBytes : 0);
}

}  // namespace shrike
