#include "train_cli/judge_together.h"

#include <algorithm>
#include <mutex>

#include "cli/interrupt.h"
#include "cli/validation_options.h"
#include "formats/json.h"
#include "train/process_group.h"
#include "validate/sight_json.h"

namespace shrike {

namespace {

constexpr size_t kRound = 16;  // pictures of a rank until it meets the others

// What this rank has seen, as lines; nothing once there was a signal.
class Share {
 public:
  Share(const Ranks& ranks, size_t samples)
      : ranks_(ranks), own_(ranks.share()), samples_(samples) {}

  // Rounds are the same ones on all ranks, whoever has one picture more.
  Result<bool> look(Viewer& viewer) {
    const auto step = static_cast<size_t>(own_.ranks);
    const size_t most = (samples_ + step - 1) / step;
    for (size_t begin = 0; begin < most; begin += kRound) {
      std::vector<size_t> round;
      for (size_t i = begin; i < std::min(begin + kRound, most); ++i)
        if (const size_t sample = i * step + static_cast<size_t>(own_.rank); sample < samples_)
          round.push_back(sample);
      SHRIKE_TRY(viewer.look(
          round, [&](size_t, Sight sight) { return take(sight); }, [](size_t) { return true; }));
      SHRIKE_ASSIGN(const std::vector<double> signal,
                    ranks_.largest({static_cast<double>(interrupted())}));
      if (signal[0] > 0) return false;
    }
    return true;
  }

  const std::string& lines() const { return lines_; }

 private:
  Result<void> take(const Sight& sight) {
    const std::string line = dump_json(to_json(sight)) + '\n';
    const std::lock_guard lock(mutex_);
    lines_ += line;
    return {};
  }

  const Ranks& ranks_;
  RankShare own_;
  size_t samples_;
  std::mutex mutex_;
  std::string lines_;
};

Result<void> add_lines(const std::string& lines, const Dataset& dataset, Tally& tally) {
  const auto classes = static_cast<int>(dataset.names.size());
  for (size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    SHRIKE_ASSIGN(const Json json, parse_json(lines.substr(begin, end - begin), "another rank"));
    const auto sample = json.find("sample");
    std::optional<Sight> sight;
    if (sample != json.end() && sample->is_number_unsigned())
      sight = sight_of(json, sample->get<size_t>(), classes);
    if (!sight || sight->sample >= dataset.samples.size())
      return runtime_error("what another rank found in the pictures makes no sense");
    tally.add(*std::move(sight));
  }
  return {};
}

}  // namespace

Result<std::optional<Validation>> judge_together(Ranks& ranks, Graph network,
                                                 const Dataset& dataset, int threads) {
  if (ranks.alone()) {
    Result<Validation> alone = judge(std::move(network), dataset, threads, false);
    if (interrupted() != 0) return std::optional<Validation>();
    if (!alone) return alone.error();
    return std::optional(*std::move(alone));
  }
  SHRIKE_ASSIGN(Detector detector, judged_detector(std::move(network)));
  ValidateOptions options = validate_options(ValidationOptions{}, threads, false);
  SHRIKE_ASSIGN(Viewer viewer, Viewer::create(std::span(&detector, 1), dataset, options.view));
  Share share(ranks, dataset.samples.size());
  SHRIKE_ASSIGN(const bool whole, share.look(viewer));
  if (!whole) return std::optional<Validation>();
  SHRIKE_ASSIGN(const std::vector<std::string> all, ranks.group()->gather(share.lines()));
  std::optional<Validation> validation = Validation{};
  SHRIKE_TRY(ranks.by_first([&]() -> Result<void> {  // however long that takes with many pictures
    Tally tally(dataset, options.confusion, false);
    for (const std::string& lines : all) SHRIKE_TRY(add_lines(lines, dataset, tally));
    SHRIKE_ASSIGN(*validation, tally.finish(viewer.dropped_classes(0)));
    return {};
  }));
  return validation;
}

}  // namespace shrike
