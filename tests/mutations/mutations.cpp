// mutations PROGRAM N [SEED]: N damaged copies of models and pictures (originals.h, copies.h), each
// given to the program under an address-space limit of what the sound file takes and 1 GiB. None
// may end it by a signal or take over 10 seconds of processor time, and what it refuses it must
// name. The sound files themselves it must read.
//
// The same seed gives the same copies. Those that failed are kept in the working folder.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/file.h"
#include "copies.h"
#include "formats/test_folder.h"
#include "originals.h"
#include "watched.h"

namespace shrike::mutations {
namespace {

namespace fs = std::filesystem;

constexpr double kMostSeconds = 10;
constexpr size_t kSpare = size_t{1} << 30;

std::vector<std::string> with_file(const std::string& program, const Original& original,
                                   const fs::path& file) {
  std::vector<std::string> words = {program};
  for (const std::string& word : original.words)
    words.push_back(word == "FILE" ? file.string() : word);
  return words;
}

bool names(const std::string& error, const fs::path& file) {
  return !file.empty() && error.find(file.filename().string()) != std::string::npos;
}

class Campaign {
 public:
  Campaign(std::string program, unsigned seed) : program_(std::move(program)), random_(seed) {
    const char* shared = std::getenv("SHRIKE_SHARED");
    originals_ = originals(folder_.path(), shared ? shared : "../shared");
  }

  void run(int count) {
    for (size_t n = 0; n < kLarge; ++n) (void)need(n);
    for (int i = 0; i < count; ++i) {
      // Small files and real ones in turn: the latter are few and slow.
      const size_t n = i % 4 == 0 ? originals_.size() - 1 - random_() % (originals_.size() / 4)
                                  : random_() % originals_.size();
      check(i, originals_[n], need(n));
    }
    std::printf("%d copies of %zu files: %d read, %d refused; longest %.2f s; %d failed\n", count,
                originals_.size(), read_, refused_, longest_, failed_);
  }

  // Copies that are all refused, or all read, test nothing.
  bool good() const { return failed_ == 0 && refused_ > 0 && read_ > 0; }

 private:
  // Address space the sound file takes.
  size_t need(size_t n) {
    const auto known = needs_.find(n);
    if (known != needs_.end()) return known->second;
    const Run run = run_watched(with_file(program_, originals_[n], originals_[n].file), 0,
                                6 * kMostSeconds, folder_ / "error");
    if (run.seconds > kMostSeconds) fail(-1, originals_[n], "takes over 10 s although it is sound");
    if (run.code != 0) fail(-1, originals_[n], "is refused although it is sound: " + run.error);
    return needs_[n] = run.peak_address_space;
  }

  void check(int number, const Original& original, size_t need) {
    const Result<std::string> whole = read_text(original.file, ErrorKind::kInput);
    if (!whole || whole->empty()) return fail(number, original, "the sound file cannot be read");
    const fs::path copy =
        folder_.path() / ("copy_" + std::to_string(number) + original.file.extension().string());
    const std::string bytes = damaged(*whole, random_);
    if (!write_file(copy, bytes)) return fail(number, original, "a copy cannot be written");
    const Run run = run_watched(with_file(program_, original, copy), need + kSpare, kMostSeconds,
                                folder_ / "error");
    longest_ = std::max(longest_, run.seconds);
    ++(run.code == 0 ? read_ : refused_);
    const int before = failed_;
    if (run.seconds > kMostSeconds)
      fail(number, original, "took over 10 s");
    else if (run.signalled)
      fail(number, original, "ended by signal " + std::to_string(run.code - 128));
    else if (run.code != 0 && !names(run.error, copy) && !names(run.error, original.partner))
      fail(number, original, "does not name the file: " + run.error);
    std::error_code ignored;
    if (failed_ > before) fs::copy_file(copy, copy.filename(), ignored);
    fs::remove(copy, ignored);
  }

  void fail(int number, const Original& original, const std::string& why) {
    ++failed_;
    std::string words;
    for (const std::string& word : original.words) words += " " + word;
    std::printf("copy %d of %s (shrike%s): %s\n", number, original.file.c_str(), words.c_str(),
                why.c_str());
    std::fflush(stdout);
  }

  TestFolder folder_;
  std::string program_;
  std::mt19937 random_;
  std::vector<Original> originals_;
  std::map<size_t, size_t> needs_;
  int read_ = 0, refused_ = 0, failed_ = 0;
  double longest_ = 0;
};

int main(int argc, char** argv) {
  const int count = argc > 2 ? std::atoi(argv[2]) : 0;
  if (count < 1) {
    std::fputs("mutations PROGRAM N [SEED]\n", stderr);
    return 2;
  }
  const unsigned seed = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 20250611;
  std::printf("seed %u\n", seed);
  Campaign campaign(argv[1], seed);
  campaign.run(count);
  return campaign.good() ? 0 : 1;
}

}  // namespace
}  // namespace shrike::mutations

int main(int argc, char** argv) { return shrike::mutations::main(argc, argv); }
