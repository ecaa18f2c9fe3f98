// What the engine's tests share: random tensors, and a graph run by a Session compared with the
// same graph run by the readable reference.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/session.h"
#include "ir/graph.h"

namespace shrike::testing {

Tensor random_tensor(const Shape& shape, std::mt19937& random, float low = -1, float high = 1);

// A Conv with random weights on `x`; pad keeps the size at stride 1.
ValueId add_conv(Graph& graph, ValueId x, int64_t out_channels, int64_t kernel, int64_t stride,
                 std::mt19937& random, int64_t groups = 1,
                 UnaryKind activation = UnaryKind::kIdentity, ValueId residual = kNoValue);

// The same on bytes: a QConv of u8 to `to`, whose forms fit random weights.
ValueId add_integer_conv(Graph& graph, ValueId x, int64_t out_channels, int64_t kernel,
                         int64_t stride, std::mt19937& random, int64_t groups = 1,
                         UnaryKind activation = UnaryKind::kIdentity, ValueId residual = kNoValue,
                         DType to = DType::kU8);

// i64 constants.
ValueId add_ints(Graph& graph, const std::vector<int64_t>& values);

struct CheckOptions {
  int threads = 1;
  bool nhwc_ports = false;
  uint32_t seed = 1;
  bool inputs_used_up = false;
  MemoryLimit memory = {};
};

// Infers shapes, makes a session, runs it twice on other inputs and once on the compared ones, and
// expects the reference's outputs within 1e-4 of their range, and a sound arena. Returns the
// session for further questions; nothing when something failed.
std::optional<Session> check_graph(Graph graph, const CheckOptions& options = {});

// No two arena buffers that share a step overlap, and the arena is no smaller than its bound.
void expect_sound_arena(const Plan& plan);

// Node, operator and kernel of a step, or of each that is computed by rows with others.
std::vector<StepInfo> infos_of(const StepInfo& info);

// The kernel of the step of that operator; "" where there is none.
std::string kernel_of(const Session& session, const std::string& op);
size_t count_steps(const Session& session, const std::string& op);

}  // namespace shrike::testing
