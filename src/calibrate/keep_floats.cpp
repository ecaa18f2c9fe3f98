#include <algorithm>
#include <optional>

#include "calibrate/layers.h"
#include "calibrate/output_error.h"
#include "calibrate/passes.h"

namespace shrike {

namespace {

// Of all products, how many may stay floats.
constexpr double kFloatShare = 0.04;
// What a tensor's integers alone must change of the outputs (output_error.h) to be worth it.
constexpr double kWorthwhile = 0.005;
constexpr size_t kPictures = 4;

struct Candidate {
  size_t group = 0;
  double error = 0;      // of the outputs, when it alone becomes integers
  int64_t products = 0;  // of the convolutions that read it
};

class Choice {
 public:
  explicit Choice(Calibration& calibration)
      : c_(calibration), of_group_(groups_by_value(calibration.network, calibration.plan)) {}

  Result<void> run(const OutputError& outputs) {
    std::vector<Candidate> candidates = affordable();
    for (Candidate& candidate : candidates) {
      IntegerPlan alone;
      alone.groups = {c_.plan.groups[candidate.group]};
      SHRIKE_ASSIGN(candidate.error, outputs.of(alone));
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.error > b.error; });
    std::vector<bool> kept(c_.plan.groups.size(), false);
    int64_t left = budget_;
    for (const Candidate& candidate : candidates) {
      if (candidate.error < kWorthwhile || candidate.products > left) continue;
      left -= candidate.products;
      kept[candidate.group] = true;
    }
    remove(kept);
    return {};
  }

 private:
  std::optional<size_t> group_of(ValueId id) const { return of_group_[static_cast<size_t>(id)]; }

  // Groups of which convolutions with few products read, and no residual is.
  std::vector<Candidate> affordable() {
    std::vector<Candidate> all(c_.plan.groups.size());
    std::vector<bool> residual(all.size(), false);
    int64_t total = 0;
    for (const Node& node : c_.network.nodes) {
      if (!c_.plan.convs.contains(node.outputs[0])) continue;
      const int64_t products = products_of(c_.network, node);
      total += products;
      all[*group_of(node.inputs[0])].products += products;
      if (node.inputs.size() > 3)
        if (const std::optional<size_t> group = group_of(node.inputs[3])) residual[*group] = true;
    }
    budget_ = static_cast<int64_t>(kFloatShare * static_cast<double>(total));
    std::vector<Candidate> found;
    for (size_t g = 0; g < all.size(); ++g) {
      all[g].group = g;
      if (all[g].products <= budget_ && !residual[g]) found.push_back(all[g]);
    }
    return found;
  }

  void remove(const std::vector<bool>& kept) {
    for (const Node& node : c_.network.nodes)
      if (c_.plan.convs.contains(node.outputs[0]) && kept[*group_of(node.inputs[0])])
        c_.plan.convs.erase(node.outputs[0]);
    for (size_t g = kept.size(); g-- > 0;)
      if (kept[g]) c_.plan.groups.erase(c_.plan.groups.begin() + static_cast<std::ptrdiff_t>(g));
  }

  Calibration& c_;
  std::vector<std::optional<size_t>> of_group_;  // by value
  int64_t budget_ = 0;
};

}  // namespace

Result<void> keep_floats(Calibration& c, const CalibrationOptions& options) {
  if (options.activations != DType::kU8) return {};
  SHRIKE_ASSIGN(const OutputError outputs, OutputError::create(c.network, options, kPictures));
  return Choice(c).run(outputs);
}

}  // namespace shrike
