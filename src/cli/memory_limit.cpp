#include "cli/memory_limit.h"

#include <algorithm>
#include <system_error>

#include "cli/arguments.h"
#include "vision/decode.h"

namespace shrike {

namespace {

constexpr int kMostMegabytes = 1'000'000;

// The program, its libraries and the model's graph without its weights: what a process takes that
// plan and command do not count, rounded up (docs/decisions/010-memory-limit.md).
constexpr size_t kProgramBytes = 10'500'000;

}  // namespace

void add_memory_limit_option(CLI::App& app, int& megabytes) {
  app.add_option("--memory-limit", megabytes,
                 "Most memory of the whole process, in MB (10^6 bytes): slower kernels with "
                 "smaller weights, as far as it takes; 0: no limit")
      ->capture_default_str()
      ->check(whole_number_in(0, kMostMegabytes));
}

MemoryLimit process_limit(int megabytes, size_t own, size_t sessions) {
  return {static_cast<size_t>(megabytes) * 1'000'000, kProgramBytes + own, sessions};
}

size_t picture_bytes(const std::vector<std::filesystem::path>& pictures, bool drawn) {
  size_t most = 0;
  for (const std::filesystem::path& path : pictures) {
    const Result<PictureSize> size = read_picture_size(path);
    if (!size) continue;
    std::error_code error;
    const uintmax_t file = std::filesystem::file_size(path, error);
    const size_t pixels = static_cast<size_t>(size->width) * static_cast<size_t>(size->height);
    // The one that is looked at, where there are two; Cairo's four bytes and what is encoded.
    const size_t bytes_a_pixel =
        kDecodedBytes + (pictures.size() > 1 ? 3 : 0) + (drawn ? 4 + 3 : 0);
    most = std::max(most, pixels * bytes_a_pixel + (error ? 0 : static_cast<size_t>(file)));
  }
  return most;
}

}  // namespace shrike
