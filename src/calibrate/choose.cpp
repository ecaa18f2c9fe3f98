#include "calibrate/choose.h"

#include <algorithm>

namespace shrike {

namespace {

size_t count_of(const IntegerPlan& plan, DType weights) {
  return static_cast<size_t>(
      std::count_if(plan.convs.begin(), plan.convs.end(),
                    [&](const auto& conv) { return conv.second.weights.q.dtype() == weights; }));
}

// Of two that are good enough.
Result<MixedChoice> better(MixedChoice words, MixedChoice floats, const TimePlans& time) {
  const IntegerPlan plans[] = {words.plan, floats.plan, {}};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times, time(plans));
  const size_t of_words = count_of(words.plan, DType::kI8),
               of_floats = count_of(floats.plan, DType::kI8);
  const bool slow = times[0].all > times[2].all;
  if (slow || of_words == of_floats) return times[1].all < times[0].all ? floats : words;
  return of_floats > of_words ? floats : words;
}

}  // namespace

Result<void> prefer_floats_that_pay(const Calibration& bytes, MixedOptions& options,
                                    const TimePlans& time) {
  const IntegerPlan plans[] = {bytes.plan, fastest_plan(bytes, options)};
  if (plans[1].convs.size() == plans[0].convs.size()) return {};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times, time(plans));
  if (times[1].all < times[0].all) return {};
  constexpr auto kBytes = static_cast<size_t>(LayerType::kInt8),
                 kFloats = static_cast<size_t>(LayerType::kFloat);
  for (auto& [conv, ms] : options.ms) ms[kBytes] = std::min(ms[kBytes], ms[kFloats]);
  return {};
}

Result<MixedChoice> choose_by_whole(const Calibration& bytes,
                                    const std::map<ValueId, LayerSensitivity>& layers,
                                    MixedOptions options, const TimePlans& time) {
  SHRIKE_ASSIGN(MixedChoice words, choose_types(bytes, layers, options));
  if (!time || count_of(words.plan, DType::kI16) == 0) return words;
  options.floats_alone = true;
  if (!options.start_lost) options.start_lost = words.looks.front();
  SHRIKE_ASSIGN(MixedChoice floats, choose_types(bytes, layers, options));
  words.looks.insert(words.looks.end(), floats.looks.begin(), floats.looks.end());
  floats.looks = words.looks;
  if (!floats.reached) return words;
  if (!words.reached) return floats;
  return better(std::move(words), std::move(floats), time);
}

}  // namespace shrike
