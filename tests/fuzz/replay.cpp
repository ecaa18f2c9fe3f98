// fuzz_replay CORPUS: runs every harness on its seeds and on the files of CORPUS/<name>, which are
// those that once were findings. Anything else in CORPUS is an error. Needs no libFuzzer; part of
// the suite.
// fuzz_replay --write-seeds FOLDER: the seeds as files, FOLDER/<name>/seed_<i>, for libFuzzer.
// fuzz_replay --mutate ROUNDS [FIRST]: every harness on that many changed seeds, without
// libFuzzer's eye for what is new. The same rounds give the same inputs; the one at hand lies in
// the file fuzz_replay.input, which stays there after a crash.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

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

// Whether there is a corpus, and nothing in it that no harness would be given.
bool is_corpus(const fs::path& corpus) {
  std::error_code error;
  fs::directory_iterator entries(corpus, error);
  if (error)
    return std::fprintf(stderr, "%s: %s\n", corpus.c_str(), error.message().c_str()), false;
  bool good = true;
  for (const fs::directory_entry& entry : entries) {
    if (entry.is_directory() && find_harness(entry.path().filename().native())) continue;
    std::fprintf(stderr, "%s: no folder of a harness\n", entry.path().c_str());
    good = false;
  }
  return good;
}

bool write_seeds(const Harness& harness, const fs::path& folder) {
  const std::vector<std::string> seeds = harness.seeds();
  if (!make_folders(folder / harness.name)) return false;
  for (size_t i = 0; i < seeds.size(); ++i)
    if (!write_file(folder / harness.name / ("seed_" + std::to_string(i)), seeds[i])) return false;
  return true;
}

// One to four bytes or runs of bytes changed, left out or put in.
std::string with_changed_bytes(std::string_view input, std::mt19937& random) {
  std::string out(input);
  for (size_t change = random() % 4; change < 4; ++change) {
    const size_t at = random() % (out.size() + 1);
    const size_t from = random() % (out.size() + 1);
    const size_t run = std::min(1 + random() % 16, out.size() - std::max(at, from));
    switch (random() % 5) {
      case 0:
        out.erase(at, run);
        break;
      case 1:
        out.insert(at, out.substr(from, run));
        break;
      case 2:
        out.replace(at, run, out.substr(from, run));
        break;
      case 3:
        out.insert(at, 1, static_cast<char>(random()));
        break;
      default:
        if (at < out.size()) out[at] ^= static_cast<char>(1 << random() % 8);
    }
  }
  return out;
}

std::string changed(const Harness& harness, std::string_view input, unsigned round) {
  std::mt19937 random(round);
  const bool bytes = !harness.mutate || round % 4 == 0;
  return bytes ? with_changed_bytes(input, random) : harness.mutate(input, round);
}

// Each round changes what an earlier one made, up to eight times on end.
bool mutate(const Harness& harness, unsigned first, unsigned rounds) {
  const std::vector<std::string> seeds = harness.seeds();
  std::string input;
  for (unsigned round = first; round < first + rounds; ++round) {
    if (round % 8 == 0 || input.empty()) input = seeds[round / 8 % seeds.size()];
    input = changed(harness, input, round);
    if (input.empty() || input.size() > harness.most_bytes) continue;
    if (!write_file(kAtHand, input)) return false;
    run(harness, input);
  }
  std::error_code ignored;
  fs::remove(kAtHand, ignored);
  return true;
}

unsigned number(const std::vector<std::string>& words, size_t i) {
  return i < words.size() ? static_cast<unsigned>(std::strtoul(words[i].c_str(), nullptr, 10)) : 0;
}

int main(const std::vector<std::string>& words) {
  limit_tensors();
  bool good = !words.empty() && (words[0].starts_with("--") || is_corpus(words[0]));
  for (const Harness& harness : harnesses()) {
    if (!good) break;
    if (words[0] == "--write-seeds")
      good = words.size() == 2 && write_seeds(harness, words[1]);
    else if (words[0] == "--mutate")
      good = words.size() > 1 && mutate(harness, number(words, 2), number(words, 1));
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
