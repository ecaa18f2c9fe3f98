// What a trainer does together with other ranks.
#include <ATen/ATen.h>

#include <algorithm>

#include "train/guard.h"
#include "train/trainer_state.h"

namespace shrike::train {

namespace {

at::Tensor tensor_on(std::span<float> values) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat);
}

}  // namespace

void Trainer::State::join_ranks() {
  ProcessGroup* const group = options_.group;
  if (!group) return;
  loss_options_.sum_over_ranks = [group](const at::Tensor& x) { return group->summed(x); };
  std::vector<GradientBuckets::Part> parts;
  for (const FlatParameters::Entry& entry : flat_.entries())
    if (entry.group < ParameterGroup::kFrozen)
      parts.push_back({parameters_.find(entry.name)->tensor, entry.begin});
  buckets_ = std::make_unique<GradientBuckets>(*group, flat_.device_gradients(), parts);
}

// Parts are what loss.h says, the losses as Ultralytics and others write them down; each rank has its
// pictures' share of them.
Trainer::State::Sums Trainer::State::over_ranks(const LossValue& loss, const Batch& batch) const {
  std::vector<double> numbers{loss.total.item<double>(), static_cast<double>(batch.pictures())};
  for (const at::Tensor& part : loss.parts) numbers.push_back(part.item<double>());
  if (options_.group) {
    const at::Tensor sums = options_.group->summed(at::tensor(numbers, at::kDouble));
    std::copy_n(sums.data_ptr<double>(), numbers.size(), numbers.begin());
  }
  return {numbers[0], static_cast<int64_t>(numbers[1]), {numbers.begin() + 2, numbers.end()}};
}

bool Trainer::State::on_all_ranks(bool here) const {
  if (!options_.group) return here;
  return options_.group->summed(at::tensor({here ? 0.0 : 1.0}, at::kDouble)).item<double>() == 0;
}

void Trainer::State::backward(const at::Tensor& total) {
  const double larger = scales_loss() ? place_.scaler.scale : 1;
  const bool over_ranks = buckets_ && completes_update(rates());
  if (over_ranks) buckets_->begin();
  (larger == 1 ? total : total * larger).backward();
  if (over_ranks) buckets_->finish();
}

Result<void> Trainer::take_from_first() {
  State& state = *state_;
  ProcessGroup* const group = state.options_.group;
  if (!group) return {};
  TrainerPlace& place = state.place_;
  return guarded("taking over the first rank's state", [&]() -> Result<void> {
    const at::Tensor numbers = at::tensor({static_cast<double>(place.batches),
                                           static_cast<double>(place.last_update),
                                           static_cast<double>(place.updates), place.slower,
                                           place.scaler.scale,
                                           static_cast<double>(place.scaler.good)},
                                          at::kDouble);
    SHRIKE_TRY(group->broadcast(numbers));
    const double* n = numbers.data_ptr<double>();
    place = {static_cast<int64_t>(n[0]), static_cast<int64_t>(n[1]), static_cast<int64_t>(n[2]),
             n[3], {n[4], static_cast<int64_t>(n[5])}};
    state.optimiser_.set_updates(place.updates);
    state.average_.set_updates(place.updates);
    for (const State::Block& block : state.blocks(false))
      SHRIKE_TRY(group->broadcast(tensor_on(block.values)));
    if (group->rank() > 0)
      std::fill(state.flat_.gradients().begin(), state.flat_.gradients().end(), 0.0f);
    state.flat_.push();
    state.find_zeros();
    return {};
  });
}

Result<void> Trainer::bring_gradients_to_first() {
  State& state = *state_;
  ProcessGroup* const group = state.options_.group;
  if (!group || !state.between_updates()) return {};
  const std::span<float> gradients = state.flat_.gradients();
  SHRIKE_TRY(group->sum(tensor_on(gradients)));
  if (group->rank() > 0) std::fill(gradients.begin(), gradients.end(), 0.0f);
  return guarded("bringing gradients to the first rank", [&] { state.flat_.push(); });
}

}  // namespace shrike::train
