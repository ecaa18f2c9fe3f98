// A trainer's state as tensors of their own, and as graphs.
#include "train/trainer_state.h"

#include <algorithm>

#include "base/excerpt.h"
#include "train/guard.h"

namespace shrike::train {

namespace {

using Entry = FlatParameters::Entry;

std::span<float> part_of(std::span<float> block, const Entry& entry) {
  return block.subspan(static_cast<size_t>(entry.begin), static_cast<size_t>(entry.elements));
}

// Whether a block, which may be of learned parameters alone, holds this one.
bool holds(std::span<const float> block, const Entry& entry) {
  return static_cast<size_t>(entry.begin + entry.elements) <= block.size();
}

Tensor tensor_of(std::span<const float> values, const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  std::copy(values.begin(), values.end(), tensor.mutable_data<float>().begin());
  return tensor;
}

}  // namespace

std::vector<Trainer::State::Block> Trainer::State::blocks(bool gradients) {
  std::vector<Block> blocks{{"weights/", flat_.values()}, {"average/", average_.values()}};
  for (const Optimiser::State& state : optimiser_.state())
    blocks.push_back({std::string(state.name) + "/", state.values});
  if (gradients) blocks.push_back({"gradients/", flat_.gradients()});
  return blocks;
}

bool Trainer::State::learns() const {
  return std::any_of(flat_.entries().begin(), flat_.entries().end(), [](const Entry& entry) {
    return entry.group < ParameterGroup::kFrozen && !is_helper(entry.name);
  });
}

Result<Graph> Trainer::average() const {
  const State& state = *state_;
  TrainingGraph copy = state.training_;
  for (const Entry& entry : state.flat_.entries()) {
    if (is_helper(entry.name)) continue;
    const std::optional<ValueId> id = copy.graph.find_value(entry.name);
    if (!id) return model_error("the graph has no constant " + in_quotes(entry.name));
    copy.graph.value(*id).constant =
        tensor_of(part_of(state_->average_.values(), entry), entry.shape);
  }
  return trained_graph(copy);
}

std::vector<NamedTensor> Trainer::tensors() const {
  State& state = *state_;
  std::vector<NamedTensor> tensors;
  for (const State::Block& block : state.blocks(state.between_updates()))
    for (const Entry& entry : state.flat_.entries())
      if (holds(block.values, entry))
        tensors.push_back(
            {block.name + entry.name, tensor_of(part_of(block.values, entry), entry.shape)});
  return tensors;
}

Result<void> Trainer::go_on_from(const TrainerPlace& place,
                                 const std::vector<NamedTensor>& tensors) {
  State& state = *state_;
  std::map<std::string_view, const Tensor*> given;
  for (const NamedTensor& tensor : tensors) given.emplace(tensor.name, &tensor.tensor);
  std::vector<std::pair<std::span<float>, const Tensor*>> moves;
  const bool between_updates = place.batches - 1 > place.last_update;
  for (const State::Block& block : state.blocks(between_updates))
    for (const Entry& entry : state.flat_.entries()) {
      if (!holds(block.values, entry)) continue;
      const std::string name = block.name + entry.name;
      const auto found = given.find(name);
      if (found == given.end())
        return model_error("the state has no tensor " + in_quotes(name) +
                           ": it is that of another network");
      const Tensor& tensor = *found->second;
      if (tensor.dtype() != DType::kF32 || tensor.shape() != entry.shape)
        return model_error("the tensor " + in_quotes(name) + " of the state is " +
                           to_string(tensor.shape()) + ", and " + to_string(entry.shape) +
                           " in the network: it is that of another one");
      moves.emplace_back(part_of(block.values, entry), &tensor);
    }
  for (const auto& [to, from] : moves)
    std::copy(from->data<float>().begin(), from->data<float>().end(), to.begin());
  if (!between_updates)
    std::fill(state.flat_.gradients().begin(), state.flat_.gradients().end(), 0.0f);
  state.find_zeros();
  SHRIKE_TRY(guarded("bringing the state to the device", [&] { state.flat_.push(); }));
  state.place_ = place;
  state.optimiser_.set_updates(place.updates);
  state.average_.set_updates(place.updates);
  return {};
}

}  // namespace shrike::train
