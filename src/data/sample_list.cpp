#include "data/sample_list.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <mutex>
#include <new>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/excerpt.h"
#include "base/thread_pool.h"
#include "data/number.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostFindings = 100;

std::string box_text(const Truth& t) {
  const auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::string(text);
  };
  return "the box " + number(t.x) + ", " + number(t.y) + ", " + number(t.x + t.width) + ", " +
         number(t.y + t.height);
}

std::string size_text(PictureSize size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

bool sticks_out(const Truth& t, PictureSize size) {
  constexpr double kSlack = 1;  // pixel: what rounding does
  return t.x < -kSlack || t.y < -kSlack || t.x + t.width > size.width + kSlack ||
         t.y + t.height > size.height + kSlack;
}

}  // namespace

void FindingList::add(FindingKind kind, int64_t row, std::string detail) {
  if (findings_.size() < kMostFindings)
    findings_.push_back({kind, file_, row, std::move(detail)});
  else
    ++more_[kind];
}

std::vector<Finding> FindingList::take() {
  for (const auto& [kind, count] : more_)
    findings_.push_back(
        {kind, file_, 0, "and " + std::to_string(count) + " more rows like these", count});
  more_.clear();
  return std::exchange(findings_, {});
}

bool is_box(const Truth& truth) {
  constexpr double kMost = 1e9;
  const auto bounded = [](double value) { return std::abs(value) <= kMost; };  // NaN is not
  return bounded(truth.x) && bounded(truth.y) && bounded(truth.width) && bounded(truth.height) &&
         truth.width >= 0 && truth.height >= 0;
}

std::vector<Truth> checked_truth(const std::vector<TruthRow>& rows, PictureSize size,
                                 RepeatedRows repeated, FindingList& findings) {
  std::vector<Truth> truth;
  truth.reserve(rows.size());
  std::set<std::tuple<int, double, double, double, double>> seen;
  for (const auto& [t, row] : rows) {
    if (!seen.emplace(t.class_id, t.x, t.y, t.width, t.height).second) {
      findings.add(FindingKind::kDuplicateRow, row,
                   "class " + std::to_string(t.class_id) + " with " + box_text(t));
      if (repeated == RepeatedRows::kDrop) continue;
    }
    if (t.width <= 0 || t.height <= 0)
      findings.add(FindingKind::kOutOfRange, row, box_text(t) + " has no area");
    else if (sticks_out(t, size))
      findings.add(FindingKind::kOutOfRange, row,
                   box_text(t) + " reaches outside the picture of " + size_text(size));
    truth.push_back(t);
  }
  return truth;
}

Result<std::optional<PictureSize>> size_of_picture(const fs::path& path,
                                                   std::vector<Finding>& findings) {
  // Where a file is opened its name ends at a NUL: that would be another picture.
  if (path.native().find('\0') != std::string::npos) {
    findings.push_back({FindingKind::kMissingPicture, path, 0, "a NUL in its name"});
    return std::optional<PictureSize>();
  }
  const auto size = read_picture_size(path);
  if (size) return std::optional(*size);
  if (size.error().kind == ErrorKind::kRuntime) return size.error();
  std::error_code error;
  if (!fs::exists(path, error))
    findings.push_back({FindingKind::kMissingPicture, path, 0, ""});
  else
    findings.push_back({FindingKind::kCorruptPicture, path, 0, reason_of(size.error(), path)});
  return std::optional<PictureSize>();
}

std::string reason_of(const Error& error, const fs::path& path) {
  const std::string prefix = "cannot read " + shown_path(path) + ": ";
  return error.message.starts_with(prefix) ? error.message.substr(prefix.size()) : error.message;
}

bool contradicts(StatedSize said, PictureSize size) {
  return said.width != 0 && said.height != 0 &&
         (said.width != size.width || said.height != size.height);
}

std::string wrong_size_text(StatedSize said, PictureSize size) {
  return "the file says " + number_text(said.width) + "x" + number_text(said.height) +
         ", the picture is " + size_text(size);
}

Result<void> read_files(const fs::path& source, size_t count, int threads,
                        const std::function<Result<void>(size_t)>& read) {
  std::atomic<bool> enough = true, go_on = true;
  std::mutex mutex;
  std::optional<Error> error;
  ThreadPool pool(std::max(threads, 1));
  pool.parallel_for(static_cast<int64_t>(count), [&](int64_t i, int) {
    if (!go_on) return;
    try {
      const Result<void> outcome = read(static_cast<size_t>(i));
      if (outcome) return;
      go_on = false;
      const std::lock_guard lock(mutex);
      if (!error) error = outcome.error();
    } catch (const std::bad_alloc&) {
      enough = go_on = false;  // nothing may be thrown out of a worker
    }
  });
  if (!enough) return runtime_error("not enough memory to read " + source.string());
  if (error) return *error;
  return {};
}

Result<void> load_samples(size_t count, int threads,
                          const std::function<Result<LoadedSample>(size_t)>& load,
                          Dataset& dataset) {
  std::vector<LoadedSample> loaded(count);
  SHRIKE_TRY(read_files(dataset.source, count, threads, [&](size_t i) -> Result<void> {
    SHRIKE_ASSIGN(loaded[i], load(i));
    return {};
  }));
  dataset.samples.reserve(count);
  std::unordered_map<std::string, int64_t> ids;  // by picture
  for (LoadedSample& one : loaded) {
    std::move(one.findings.begin(), one.findings.end(), std::back_inserter(dataset.findings));
    if (!one.labels.empty()) dataset.files.push_back(std::move(one.labels));
    if (!one.sample) continue;
    const fs::path& picture = one.sample->picture;
    const auto [first, is_new] = ids.emplace(picture.lexically_normal().string(), one.sample->id);
    if (!is_new)
      dataset.findings.push_back({FindingKind::kDuplicatePicture, picture, 0,
                                  "of sample " + std::to_string(first->second) + " and sample " +
                                      std::to_string(one.sample->id)});
    dataset.samples.push_back(std::move(*one.sample));
  }
  return {};
}

}  // namespace shrike
