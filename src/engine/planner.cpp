#include "engine/planner.h"

#include <algorithm>
#include <cassert>

#include "base/excerpt.h"
#include "engine/families.h"
#include "engine/steps/conv_activation.h"
#include "engine/steps/conv_bands.h"
#include "engine/steps/conv_halves.h"
#include "engine/steps/conv_panels.h"
#include "engine/steps/conv_pool.h"
#include "engine/steps/copy.h"
#include "ir/describe.h"

namespace shrike {

namespace {

size_t bytes_of(DType dtype, const Shape& shape) {
  return static_cast<size_t>(*shape.element_count()) * dtype_size(dtype);
}

std::string node_label(const Graph& graph, const Node& node) {
  if (!node.name.empty()) return node.name;
  for (ValueId id : node.outputs)
    if (id != kNoValue) return graph.value(id).name;
  return {};
}

StepPart row_part(const StepInfo& info) {
  return {.node = info.node,
          .problem = {},
          .op = info.op,
          .kernel = info.kernel,
          .output_shape = info.output_shape};
}

// Of a chain: from its first operator to its last, with every kernel and reason once.
void add_row_part(StepInfo& info, StepInfo& chain) {
  chain.parts.push_back(row_part(info));
  chain.node = chain.parts.front().node + " to " + info.node;
  chain.op = chain.parts.front().op + " to " + info.op;
  chain.output_shape = info.output_shape;
  std::vector<std::string_view> kernels;
  for (const StepPart& part : chain.parts)
    if (std::ranges::find(kernels, part.kernel) == kernels.end()) kernels.push_back(part.kernel);
  chain.kernel.clear();
  for (const std::string_view kernel : kernels)
    chain.kernel += (chain.kernel.empty() ? "" : " + ") + std::string(kernel);
  chain.kernel += " by rows";
  for (DeclinedWay& way : info.declined)
    if (std::ranges::find(chain.declined, way) == chain.declined.end())
      chain.declined.push_back(std::move(way));
}

#ifndef NDEBUG
bool none_is_joined_twice(const PlanChoices& choices, size_t nodes) {
  std::vector<bool> joined(nodes);
  for (const Chains* chains : {&choices.bands, &choices.halves, &choices.panels})
    for (const std::vector<size_t>& chain : *chains)
      for (const size_t node : chain) {
        if (joined[node]) return false;
        joined[node] = true;
      }
  return true;
}
#endif

}  // namespace

const std::vector<size_t>* chain_of(const Chains& chains, size_t node) {
  for (const std::vector<size_t>& chain : chains)
    if (std::find(chain.begin(), chain.end(), node) != chain.end()) return &chain;
  return nullptr;
}

Planner::Planner(const Graph& graph, const PlanOptions& options, PlanChoices choices)
    : graph_(graph),
      options_(options),
      choices_(std::move(choices)),
      plan_(std::make_shared<Plan>()) {
  assert(none_is_joined_twice(choices_, graph.nodes.size()));
  plan_->threads_ = options.threads;
}

bool Planner::is_uneven(ValueId weights) const {
  return std::ranges::binary_search(options_.uneven, weights);
}

Result<void> Planner::run() {
  SHRIKE_TRY(add_inputs());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const std::vector<size_t>* chain = chain_of(choices_.bands, i);
    const std::vector<size_t>* triple = chain_of(choices_.halves, i);
    const std::vector<size_t>* pair = chain_of(choices_.panels, i);
    if (!chain && !triple && !pair) {
      SHRIKE_TRY(add_node(graph_.nodes[i]));
      nodes_of_steps_.resize(plan_->steps_.size(), {i});
    } else if (chain && chain->back() == i) {
      add_bands(*chain);
      nodes_of_steps_.resize(plan_->steps_.size(), *chain);
    } else if (triple && triple->back() == i) {
      declined_.clear();
      conv_halves_emit(*this, graph_.nodes[(*triple)[0]], graph_.nodes[(*triple)[1]],
                       graph_.nodes[i]);
      nodes_of_steps_.resize(plan_->steps_.size(), *triple);
    } else if (pair && pair->back() == i) {
      declined_.clear();
      conv_panels_emit(*this, graph_.nodes[pair->front()], graph_.nodes[i]);
      nodes_of_steps_.resize(plan_->steps_.size(), *pair);
    }
  }
  add_outputs();
  end_chain();
  return {};
}

Result<void> Planner::add_inputs() {
  for (size_t i = 0; i < graph_.inputs.size(); ++i) {
    const ValueId id = graph_.inputs[i];
    const Value& value = graph_.value(id);
    if (!graph_.static_shape(id))
      return model_error("input " + in_quotes(value.name) + " has no fixed shape: " +
                         (value.shape ? to_string(*value.shape) : std::string("unknown")));
    Port port{value.name, {}, *value.shape, value.dtype, false, {}};
    if (!in_memory(id)) {
      port.slot = new_tensor(id);
    } else if (options_.nhwc_ports && value.shape->rank() == 4 &&
               (value.dtype == DType::kF32 || value.dtype == DType::kU8)) {
      port.slot = new_map(id);
      port.is_map = true;
      owners_.back().id = kNoValue;
    } else {
      port.slot = {value.dtype, new_buffer({.kind = BufferKind::kInput, .input = i}),
                   dense_view(*value.shape), -1};
      define(id, port.slot);
    }
    plan_->inputs_.push_back(std::move(port));
  }
  return {};
}

void Planner::add_outputs() {
  for (ValueId id : graph_.outputs) {
    const Value& value = graph_.value(id);
    Port port{value.name, {}, value.shape.value_or(Shape{}), value.dtype, false, {}};
    if (value.constant) {
      port.constant = *value.constant;
    } else if (options_.nhwc_ports && value.dtype == DType::kF32 && in_memory(id) &&
               value.shape->rank() == 4) {
      port.slot = as_map(id);
      port.is_map = true;
    } else {
      port.slot = slot(id);
    }
    plan_->outputs_.push_back(std::move(port));
  }
  // Inputs outlive the run, so that it can be repeated, unless told; outputs are read after it.
  const int end = static_cast<int>(plan_->steps_.size());
  for (const Port& port : plan_->inputs_) {
    touch(port.slot, 0);
    if (!options_.inputs_used_up) touch(port.slot, end);
  }
  for (const Port& port : plan_->outputs_) touch(port.slot, end);
}

Result<void> Planner::add_node(const Node& node) {
  const auto fixed = [&](ValueId id) {
    return id == kNoValue || graph_.constant(id) || in_memory(id);
  };
  const bool all_fixed = std::all_of(node.inputs.begin(), node.inputs.end(), fixed) &&
                         std::all_of(node.outputs.begin(), node.outputs.end(), fixed);
  declined_.clear();
  if (const auto why = choices_.no_bands.find(index_of(node)); why != choices_.no_bands.end())
    declined_.push_back({"far bands", why->second});
  if (const auto why = choices_.no_halves.find(index_of(node)); why != choices_.no_halves.end())
    declined_.push_back({"halves", why->second});
  if (const auto why = choices_.no_panels.find(index_of(node)); why != choices_.no_panels.end())
    declined_.push_back({"panels", why->second});
  const std::span<const StepFamily> families = step_families();
  for (const StepFamily& family : families) {
    const bool last = &family == &families.back();
    if (!family.handles(node.op)) continue;
    const char* reason = !all_fixed && !last ? "a shape is empty or depends on the data"
                         : family.refuse     ? family.refuse(*this, node)
                                             : nullptr;
    if (!reason) {
      family.emit(*this, node);
      return {};
    }
    declined_.push_back({family.name, reason});
  }
  return model_error("nothing can run " + describe(graph_, node));
}

void Planner::add_bands(const std::vector<size_t>& chain) {
  declined_.clear();
  std::vector<const Node*> nodes;
  for (size_t node : chain) nodes.push_back(&graph_.nodes[node]);
  if (std::holds_alternative<MaxPool>(nodes.back()->op)) {
    conv_pool_emit(*this, *nodes.front(), *nodes.back());
  } else if (std::holds_alternative<Unary>(nodes.back()->op)) {
    const bool transposed = std::holds_alternative<ConvTranspose>(nodes.front()->op);
    (transposed ? conv_transpose_activation_emit : conv_activation_emit)(*this, *nodes.front(),
                                                                         *nodes.back());
  } else {
    conv_bands_emit(*this, nodes);
  }
}

bool Planner::in_memory(ValueId id) const {
  const Shape* known = graph_.static_shape(id);
  if (!known || known->rank() > kernels::kMaxRank) return false;
  if (dtype_size(graph_.value(id).dtype) == 0) return false;
  return known->element_count().value_or(0) > 0;
}

const Slot& Planner::slot(ValueId id) {
  if (graph_.constant(id) && !slots_.contains(id)) {
    assert(in_memory(id));
    place(id, constant_slot(*graph_.constant(id)));
  }
  return slots_.at(id);
}

bool Planner::lies_as_map(ValueId id) {
  const DType dtype = graph_.value(id).dtype;
  const bool of_maps = dtype == DType::kF32 || dtype == DType::kU8 || dtype == DType::kI16;
  if (!of_maps || graph_.constant(id) || !in_memory(id)) return false;
  const View& view = slot(id).view;
  return is_map(view) && !is_dense(view);
}

Slot Planner::as_map(ValueId id) {
  const Slot& known = slot(id);
  if (is_map(known.view)) return known;
  return converted(id, Layout::kMap);
}

Slot Planner::as_dense(ValueId id) {
  const Slot& known = slot(id);
  if (is_dense(known.view)) return known;
  return converted(id, Layout::kDense);
}

Slot Planner::converted(ValueId id, Layout layout) {
  const Key key{id, layout};
  if (const auto known = conversions_.find(key); known != conversions_.end()) return known->second;
  Slot result;
  if (const Tensor* constant = graph_.constant(id)) {
    result = constant_slot(layout == Layout::kMap ? map_order(*constant) : *constant);
    if (layout == Layout::kMap) result.view = map_view(constant->shape());
  } else {
    result = produced(id, layout);
    StepDraft copy;
    copy.info.node = graph_.value(id).name;
    copy.info.op = "Copy";
    copy.info.output_shape = shape(id);
    copy.info.kernel = "copy";
    copy.touches = {slot(id), result};
    copy.of_rows = [from = slot(id), result](int64_t first, int64_t last) {
      return make_copy_step({{some_rows(from, first, last), some_rows(result, first, last)}});
    };
    copy.step = make_copy_step({{slot(id), result}});
    add(std::move(copy));
  }
  conversions_.emplace(key, result);
  return result;
}

Slot Planner::produced(ValueId id, Layout layout) {
  const Key key{id, layout};
  if (const auto known = produced_.find(key); known != produced_.end()) return known->second;
  Slot result;
  result.dtype = graph_.value(id).dtype;
  result.view = layout == Layout::kMap ? map_view(shape(id)) : dense_view(shape(id));
  const auto placed = choices_.placements.owners.find(key);
  if (placed == choices_.placements.owners.end()) {
    result.buffer =
        new_buffer({.bytes = bytes_of(result.dtype, shape(id)), .name = graph_.value(id).name});
    owners_.back() = {id, layout, result.view};
  } else {
    const Placement& place = placed->second;
    const Slot whole = produced(place.concat, choices_.placements.concats.at(place.concat));
    result.buffer = whole.buffer;
    result.view.offset = whole.view.offset + place.offset;
    if (place.spread) result.view.strides = whole.view.strides;
  }
  produced_.emplace(key, result);
  return result;
}

Slot Planner::new_map(ValueId id) {
  const Slot result = produced(id, Layout::kMap);
  place(id, result);
  return result;
}

Slot Planner::new_dense(ValueId id) {
  const Slot result = produced(id, Layout::kDense);
  place(id, result);
  return result;
}

Slot Planner::new_rows(ValueId id) {
  const Slot result = produced(id, Layout::kRows);
  place(id, result);
  return result;
}

Slot Planner::new_tensor(ValueId id) {
  Slot result;
  result.dtype = graph_.value(id).dtype;
  result.tensor = plan_->tensor_count_++;
  place(id, result);
  return result;
}

void Planner::define(ValueId id, const Slot& slot) {
  end_chain();
  place(id, slot);
}

void Planner::place(ValueId id, const Slot& slot) { slots_.insert_or_assign(id, slot); }

Slot Planner::new_scratch(size_t bytes) {
  if (bytes == 0) return {};
  const int buffer = new_buffer({.bytes = bytes, .name = "scratch"});
  return {DType::kU8, buffer, dense_view(Shape{static_cast<int64_t>(bytes)}), -1};
}

void Planner::keep_odd(const Slot& a, const Slot& b) {
  const auto buffer_of = [&](const Slot& slot) -> Buffer& {
    return plan_->buffers_[static_cast<size_t>(slot.buffer)];
  };
  Buffer &one = buffer_of(a), &other = buffer_of(b);
  if (&one == &other || one.kind != BufferKind::kArena || other.kind != BufferKind::kArena) return;
  const auto odd_inside = [](const Slot& slot) {
    return static_cast<size_t>(slot.view.offset) * dtype_size(slot.dtype) / kTensorAlignment % 2 ==
           1;
  };
  const bool unlike = odd_inside(a) == odd_inside(b);
  if (!one.odd) one.odd = other.odd && *other.odd != unlike;
  if (!other.odd) other.odd = *one.odd != unlike;
}

Slot Planner::new_concat(ValueId id, Layout layout, std::span<const ValueId> inputs, int axis) {
  const Slot result = layout == Layout::kMap ? new_map(id) : new_dense(id);
  ConcatNote note{id, layout, axis, result, {}};
  for (ValueId input : inputs) note.inputs.push_back(slot(input));
  concats_.push_back(std::move(note));
  return result;
}

std::optional<Layout> Planner::concat_layout(ValueId id) const {
  const auto known = choices_.placements.concats.find(id);
  if (known == choices_.placements.concats.end()) return std::nullopt;
  return known->second;
}

size_t Planner::index_of(const Node& node) const {
  return static_cast<size_t>(&node - graph_.nodes.data());
}

int64_t Planner::max_packed_bytes(const Node& node) const {
  return choices_.max_packed_bytes.empty() ? INT64_MAX : choices_.max_packed_bytes[index_of(node)];
}

StepDraft Planner::draft(const Node& node, std::string kernel) const {
  StepDraft draft;
  const ValueId first = node.outputs.empty() ? kNoValue : node.outputs[0];
  draft.info.node = node_label(graph_, node);
  draft.info.op = op_name(node.op);
  if (first != kNoValue && graph_.static_shape(first)) draft.info.output_shape = shape(first);
  draft.info.kernel = std::move(kernel);
  draft.info.declined = declined_;
  return draft;
}

void Planner::add(StepDraft draft) {
  if (extends_chain(draft)) return extend_chain(std::move(draft));
  const int index = static_cast<int>(plan_->steps_.size());
  for (const Slot& slot : draft.touches) touch(slot, index);
  end_chain();
  if (draft.of_rows && options_.memory.bytes == 0 && fits_chain(draft.info.output_shape))
    last_rows_ = std::move(draft.of_rows);
  plan_->steps_.push_back({std::move(draft.info), std::move(draft.step)});
}

void Planner::end_chain() {
  if (chain_) chain_->divide(threads());
  last_rows_ = {};
  chain_ = nullptr;
}

bool Planner::extends_chain(const StepDraft& draft) const {
  if (!last_rows_ || !draft.of_rows) return false;
  const Shape &one = plan_->steps_.back().info.output_shape, &other = draft.info.output_shape;
  if (one.rank() != other.rank() || !fits_chain(other)) return false;
  for (int axis = 0; axis + 1 < one.rank(); ++axis)
    if (one[axis] != other[axis]) return false;
  return !chain_ || chain_->has_room(other);
}

void Planner::extend_chain(StepDraft draft) {
  const int index = static_cast<int>(plan_->steps_.size()) - 1;
  for (const Slot& slot : draft.touches) touch(slot, index);
  Plan::Entry& entry = plan_->steps_.back();
  if (!chain_) {
    auto chain = std::make_unique<RowChain>();
    chain->append(entry.info.output_shape, last_rows_);
    chain_ = chain.get();
    entry.step = std::move(chain);
    entry.info.parts.push_back(row_part(entry.info));
  }
  chain_->append(draft.info.output_shape, std::move(draft.of_rows));
  add_row_part(draft.info, entry.info);
}

void Planner::touch(const Slot& slot, int step) {
  if (!slot.in_memory()) return;
  Buffer& buffer = plan_->buffers_[static_cast<size_t>(slot.buffer)];
  buffer.first = buffer.first < 0 ? step : std::min(buffer.first, step);
  buffer.last = std::max(buffer.last, step);
}

int Planner::new_buffer(Buffer buffer) {
  plan_->buffers_.push_back(std::move(buffer));
  owners_.emplace_back();
  return static_cast<int>(plan_->buffers_.size()) - 1;
}

Slot Planner::constant_slot(Tensor tensor) {
  Slot result{tensor.dtype(), -1, dense_view(tensor.shape()), -1};
  result.buffer = new_buffer({.kind = BufferKind::kConstant, .constant = std::move(tensor)});
  return result;
}

Result<std::shared_ptr<Plan>> Planner::finish() {
  SHRIKE_TRY(plan_->lay_out_arena());
  return plan_;
}

}  // namespace shrike
