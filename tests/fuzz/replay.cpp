// fuzz_replay CORPUS: runs every harness on its seeds and on the files of CORPUS/<name>, which are
// those that once were findings. Needs no libFuzzer; part of the suite.
// fuzz_replay --write-seeds FOLDER: the seeds as files, FOLDER/<name>/seed_<i>, for libFuzzer.
// fuzz_replay --mutate ROUNDS: every harness with a mutator of its own on that many of its inputs.
// The one at hand lies in the file fuzz_replay.input, which stays there after a crash.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "harness.h"

namespace shrike::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAtHand = "fuzz_replay.input";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// A copy of exactly this size, so that a sanitizer sees reads past the end.
void run(const Harness& harness, std::string_view input) {
  const std::vector<char> copy(input.begin(), input.end());
  harness.run(std::as_bytes(std::span(copy)));
}

bool replay(const Harness& harness, const fs::path& corpus) {
  const std::vector<std::string> seeds = harness.seeds();
  for (const std::string& seed : seeds) run(harness, seed);
  const std::vector<fs::path> files = files_in(corpus / harness.name);
  for (const fs::path& file : files) {
    // Named before it runs, so that a crash tells which it was.
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    const Result<std::string> bytes = read_text(file, ErrorKind::kInput);
    if (!bytes) return std::fprintf(stderr, "%s\n", bytes.error().message.c_str()), false;
    run(harness, *bytes);
  }
  std::printf("%-16s %zu seeds, %zu findings of the past\n", std::string(harness.name).c_str(),
              seeds.size(), files.size());
  if (seeds.empty()) std::fprintf(stderr, "%s has no seeds\n", std::string(harness.name).c_str());
  return !seeds.empty();
}

bool write_seeds(const Harness& harness, const fs::path& folder) {
  const std::vector<std::string> seeds = harness.seeds();
  if (!make_folders(folder / harness.name)) return false;
  for (size_t i = 0; i < seeds.size(); ++i)
    if (!write_file(folder / harness.name / ("seed_" + std::to_string(i)), seeds[i])) return false;
  return true;
}

// Each round changes what an earlier one made, up to eight times on end.
bool mutate(const Harness& harness, unsigned rounds) {
  if (!harness.mutate) return true;
  const std::vector<std::string> seeds = harness.seeds();
  std::string input;
  for (unsigned round = 0; round < rounds; ++round) {
    if (round % 8 == 0 || input.empty()) input = seeds[round / 8 % seeds.size()];
    input = harness.mutate(input, round);
    if (input.empty() || input.size() > harness.most_bytes) continue;
    if (!write_file(kAtHand, input)) return false;
    run(harness, input);
  }
  return fs::remove(kAtHand);
}

int main(const std::vector<std::string>& words) {
  bool good = words.size() == 1 || words.size() == 2;
  for (const Harness& harness : harnesses()) {
    if (!good) break;
    if (words[0] == "--write-seeds")
      good = write_seeds(harness, words.at(1));
    else if (words[0] == "--mutate")
      good = mutate(harness, static_cast<unsigned>(std::atoi(words.at(1).c_str())));
    else
      good = replay(harness, words[0]);
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace shrike::fuzz

int main(int argc, char** argv) {
  return shrike::fuzz::main(std::vector<std::string>(argv + 1, argv + argc));
}
