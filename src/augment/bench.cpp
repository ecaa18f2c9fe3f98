// Times the making of training pictures, and shows some:
//   augment_bench DATA [--split S] [--size N] [--batch N] [--threads N] [--prefetch N]
//                      [--cache-mb N] [--epochs N] [--seed N] [--step-ms N] [--page F.png]
//                      [--numbers yes] [--SETTING X ...]
// SETTING is one of augment/settings.h. Prints a row an epoch: milliseconds of making a batch, all
// threads together, those that the caller waited, and what the cache did. --step-ms has the caller
// be busy that long between batches, as a step of training would be. --numbers describes what the
// pictures hold, as bench/peers/augment_ultralytics.py does.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "augment/batch_page.h"
#include "augment/loader.h"
#include "data/dataset.h"

namespace shrike {
namespace {

struct Arguments {
  std::string data, split = "train", page;
  bool numbers = false;
  LoaderOptions loader;
  double step_ms = 0;
};

bool set(Arguments& arguments, const std::string& name, const std::string& value) {
  LoaderOptions& loader = arguments.loader;
  const double number = std::atof(value.c_str());
  const auto whole = static_cast<int>(number);
  for (const AugmentSetting& setting : augment_settings())
    if (name == setting.name) {
      loader.augment.*setting.value = number;
      return true;
    }
  if (name == "split") return arguments.split = value, true;
  if (name == "page") return arguments.page = value, true;
  if (name == "numbers") return arguments.numbers = true;
  if (name == "size") return loader.preprocess = Preprocess::ultralytics(whole, whole), true;
  if (name == "batch") return loader.batch = whole, true;
  if (name == "threads") return loader.threads = whole, true;
  if (name == "prefetch") return loader.prefetch = whole, true;
  if (name == "epochs") return loader.epochs = whole, true;
  if (name == "seed") return loader.seed = static_cast<uint64_t>(whole), true;
  if (name == "multi_scale") return loader.multi_scale = number, true;
  if (name == "close_mosaic") return loader.augment.close_mosaic = whole, true;
  if (name == "cache-mb") return loader.cache_bytes = static_cast<size_t>(whole) << 20, true;
  if (name == "step-ms") return arguments.step_ms = number, true;
  return false;
}

int fail(const std::string& message) {
  std::fprintf(stderr, "augment_bench: %s\n", message.c_str());
  return 1;
}

void be_busy(double milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double, std::milli>(milliseconds);
  while (Clock::now() < end) {
  }
}

void print_row(int64_t epoch, int64_t batches, const LoaderCounts& before,
               const LoaderCounts& now) {
  const double a = 1000.0 / static_cast<double>(batches);
  std::printf("%5lld %10.2f %10.2f %8lld %8lld %8.1f\n", static_cast<long long>(epoch),
              a * (now.worked - before.worked), a * (now.waited - before.waited),
              static_cast<long long>(now.cache.decoded - before.cache.decoded),
              static_cast<long long>(now.cache.found - before.cache.found),
              static_cast<double>(now.cache.bytes) / (1 << 20));
}

// Boxes a picture, and the quartiles of their sides as shares of the picture's.
class Numbers {
 public:
  void add(const Batch& batch) {
    std::vector<double> boxes(batch.pictures());
    for (const Target& target : batch.targets) {
      ++boxes[static_cast<size_t>(target.picture)];
      widths_.push_back(static_cast<double>(target.box.width()) / batch.width);
      heights_.push_back(static_cast<double>(target.box.height()) / batch.height);
    }
    boxes_.insert(boxes_.end(), boxes.begin(), boxes.end());
    for (size_t i = 0; i < batch.pictures(); ++i) {
      const std::span<const uint8_t> bytes = batch.picture(i);
      const auto sum = std::accumulate(bytes.begin(), bytes.end(), int64_t{0});
      means_.push_back(static_cast<double>(sum) / static_cast<double>(bytes.size()));
    }
  }

  void print() {
    print("boxes a picture", boxes_);
    print("width", widths_);
    print("height", heights_);
    print("mean of a picture", means_);
  }

 private:
  static void print(const char* name, std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](size_t quarter) { return values[values.size() * quarter / 4]; };
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    std::printf("%-18s mean %8.4f  quartiles %8.4f %8.4f %8.4f\n", name, mean, at(1), at(2), at(3));
  }

  std::vector<double> boxes_, widths_, heights_, means_;
};

int run(const Arguments& arguments) {
  DatasetOptions options;
  options.split = arguments.split;
  const auto dataset = open_dataset(arguments.data, options);
  if (!dataset) return fail(dataset.error().message);
  auto loader = Loader::create(*dataset, arguments.loader);
  if (!loader) return fail(loader.error().message);
  std::printf("%zu pictures, batches of %lld at %d\n", dataset->samples.size(),
              static_cast<long long>(arguments.loader.batch), arguments.loader.preprocess.width);
  std::printf("epoch  making ms  waited ms  decoded   cached       MB\n");
  LoaderCounts before;
  Numbers numbers;
  bool paged = arguments.page.empty();
  while (!(*loader)->finished()) {
    const auto batch = (*loader)->next();
    if (!batch) return fail(batch.error().message);
    if (!paged) {
      const auto written = write_batch_page(arguments.page, **batch, dataset->names);
      if (!written) return fail(written.error().message);
      paged = true;
    }
    if (arguments.numbers) numbers.add(**batch);
    be_busy(arguments.step_ms);
    if (!(*batch)->last) continue;
    const LoaderCounts now = (*loader)->counts();
    print_row((*batch)->epoch, (*loader)->batches(), before, now);
    before = now;
  }
  if (arguments.numbers) numbers.print();
  for (const Finding& finding : (*loader)->take_findings())
    std::printf("left out: %s\n", finding_text(finding).c_str());
  return 0;
}

}  // namespace
}  // namespace shrike

int main(int count, char** values) {
  shrike::Arguments arguments;
  arguments.loader.preprocess = shrike::Preprocess::ultralytics(320, 320);
  arguments.loader.epochs = 5;
  arguments.loader.augment.close_mosaic = 0;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (!word.starts_with("--"))
      arguments.data = word;
    else if (i + 1 == count || !shrike::set(arguments, word.substr(2), values[++i]))
      return shrike::fail("what is " + word + "?");
  }
  if (arguments.data.empty()) return shrike::fail("which data set?");
  return shrike::run(arguments);
}
