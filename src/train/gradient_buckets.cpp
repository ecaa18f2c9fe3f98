#include "train/gradient_buckets.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <cassert>
#include <functional>

namespace shrike::train {

namespace {

// Shared pointers of one kind or another, by LibTorch's version.
using Accumulator = decltype(torch::autograd::impl::grad_accumulator(at::Tensor()));

struct Bucket {
  at::Tensor gradients;  // of the block
  size_t parameters = 0;
  size_t missing = 0;  // in this backward
};

}  // namespace

struct GradientBuckets::State {
  ProcessGroup* group;
  std::vector<Bucket> buckets;  // in the order in which they leave
  std::vector<Accumulator> accumulators;  // autograd itself keeps none
  std::vector<ProcessGroup::Pending> on_their_way;
  bool counts = false;
  size_t early = 0;

  void send_next() {
    on_their_way.push_back(group->start_sum(buckets[on_their_way.size()].gradients));
  }

  void arrived(size_t bucket) {
    if (!counts) return;
    --buckets[bucket].missing;
    while (on_their_way.size() < buckets.size() && buckets[on_their_way.size()].missing == 0)
      send_next();
  }
};

namespace {

struct Hook : torch::autograd::FunctionPostHook {
  std::function<void()> arrived;
  explicit Hook(std::function<void()> function) : arrived(std::move(function)) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    arrived();
    return outputs;
  }
};

}  // namespace

GradientBuckets::GradientBuckets(ProcessGroup& group, at::Tensor block,
                                 const std::vector<Part>& parts, const Sizes& sizes)
    : state_(std::make_shared<State>()) {
  State& state = *state_;
  state.group = &group;
  std::vector<Part> order = parts;
  std::sort(order.begin(), order.end(),
            [](const Part& a, const Part& b) { return a.begin > b.begin; });
  int64_t end = block.numel();
  size_t inside = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t bucket = state.buckets.size();
    auto accumulator = torch::autograd::impl::grad_accumulator(order[i].parameter);
    assert(accumulator);
    accumulator->add_post_hook(
        std::make_unique<Hook>([weak = std::weak_ptr<State>(state_), bucket] {
          if (const auto alive = weak.lock()) alive->arrived(bucket);
        }));
    state.accumulators.push_back(std::move(accumulator));
    ++inside;
    const bool last = i + 1 == order.size();
    const int64_t begin = last ? 0 : order[i].begin;
    const int64_t bytes = (end - begin) * static_cast<int64_t>(block.element_size());
    if (!last && bytes < (bucket == 0 ? sizes.first : sizes.others)) continue;
    state.buckets.push_back({block.slice(0, begin, end), inside, 0});
    end = begin;
    inside = 0;
  }
}

GradientBuckets::~GradientBuckets() = default;

void GradientBuckets::begin() {
  for (Bucket& bucket : state_->buckets) bucket.missing = bucket.parameters;
  state_->on_their_way.clear();
  state_->counts = true;
}

void GradientBuckets::finish() {
  State& state = *state_;
  assert(state.counts);
  state.counts = false;
  state.early = state.on_their_way.size();
  while (state.on_their_way.size() < state.buckets.size()) state.send_next();
  for (ProcessGroup::Pending& bucket : state.on_their_way) bucket.wait();
  state.on_their_way.clear();
}

size_t GradientBuckets::count() const { return state_->buckets.size(); }
size_t GradientBuckets::early() const { return state_->early; }

}  // namespace shrike::train
