#include "engine/memory_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/savings.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::add_integer_conv;
using testing::check_graph;
using testing::random_tensor;

// 3x3 convolutions of several sizes, for which Winograd's kernels are fastest, and others.
Graph network() {
  std::mt19937 random(5);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 8, 48, 48});
  x = add_conv(graph, x, 32, 3, 1, random, 1, UnaryKind::kRelu);
  x = add_conv(graph, x, 48, 3, 2, random, 1, UnaryKind::kRelu);
  const ValueId before = x;
  x = add_conv(graph, x, 48, 3, 1, random, 1, UnaryKind::kRelu, before);
  x = add_conv(graph, x, 64, 1, 1, random);
  x = add_conv(graph, x, 64, 3, 1, random, 64);
  x = add_conv(graph, x, 40, 3, 1, random, 1, UnaryKind::kRelu);
  x = add_conv(graph, x, 72, 3, 2, random);
  graph.outputs = {add_conv(graph, x, 24, 3, 1, random), before};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

// The same in bytes; on machines without Winograd in integers nothing can be saved.
Graph integers() {
  std::mt19937 random(6);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kU8, Shape{1, 16, 48, 48});
  x = add_integer_conv(graph, x, 32, 3, 1, random, 1, UnaryKind::kSilu);
  x = add_integer_conv(graph, x, 48, 3, 2, random);
  x = add_integer_conv(graph, x, 48, 3, 1, random, 1, UnaryKind::kRelu, x);
  x = add_integer_conv(graph, x, 64, 3, 1, random);
  x = add_integer_conv(graph, x, 64, 3, 1, random, 64);
  graph.outputs = {add_integer_conv(graph, x, 40, 1, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

struct Planned {
  size_t bytes = 0;
  double cost = 0;
  size_t packed_bytes = 0;
  int threads = 0;
  std::vector<std::string> kernels;
};

Result<Planned> planned(const MemoryLimit& memory, int threads = 1, Graph (*make)() = network) {
  SHRIKE_ASSIGN(const Session session,
                Session::create(make(), {.threads = threads, .memory = memory}));
  const Plan& plan = session.plan();
  Planned result{plan.shared_bytes() + memory.sessions * plan.session_bytes(),
                 plan.cost(),
                 plan.packed_bytes(),
                 plan.threads(),
                 {}};
  for (const Plan::Entry& entry : plan.steps()) result.kernels.push_back(entry.info.kernel);
  return result;
}

// The smallest limit, to a byte, that is not refused.
size_t least_limit(size_t enough) {
  size_t refused = 0;
  while (enough - refused > 1) {
    const size_t middle = refused + (enough - refused) / 2;
    (planned({middle, 0}) ? enough : refused) = middle;
  }
  return enough;
}

size_t packed_bytes(const kernels::ConvProblem& problem) {
  return kernels::select_kernel(kernels::conv_kernels(), problem).kernel->packed_bytes(problem);
}
size_t packed_bytes(const kernels::QConvProblem& problem) {
  return kernels::select_kernel(kernels::qconv_kernels(), problem).kernel->packed_bytes(problem);
}

template <typename Problem>
void expect_ordered_savings() {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<ConvNote> convs(1 + random() % 6);
    std::map<size_t, int64_t> limits;
    size_t total = 0, least = 0;
    for (size_t i = 0; i < convs.size(); ++i) {
      Problem p;
      convs[i].node = 10 * i;
      const auto up_to = [&](int64_t most) { return 1 + static_cast<int64_t>(random()) % most; };
      p.in_channels = random() % 2 == 0 ? up_to(200) : 16 * up_to(14);
      p.out_channels = up_to(200);
      p.in_height = p.in_width = up_to(90);
      p.kernel_h = p.kernel_w = random() % 4 == 0 ? 1 : 3;
      p.stride_h = p.stride_w = up_to(2);
      p.pad_top = p.pad_left = p.kernel_h / 2;
      p.out_height = p.out_width = (p.in_height - 1) / p.stride_h + 1;
      limits[convs[i].node] = INT64_MAX;
      convs[i].problem = p;
      total += packed_bytes(p);
      p.max_packed_bytes = 0;
      least += packed_bytes(p);
    }
    double before = 0;
    for (const Saving& saving : find_savings(convs)) {
      EXPECT_GT(saving.bytes, 0u);
      EXPECT_GE(saving.cost / static_cast<double>(saving.bytes), before) << "round " << round;
      before = saving.cost / static_cast<double>(saving.bytes);
      EXPECT_LT(saving.max_packed_bytes, limits.at(saving.node)) << "round " << round;
      limits[saving.node] = saving.max_packed_bytes;
      total -= saving.bytes;
    }
    EXPECT_EQ(total, least) << "round " << round;
  }
}

TEST(MemoryLimit, SavingsAreOrderedAndLeadToDirectConvolution) {
  expect_ordered_savings<kernels::ConvProblem>();
  expect_ordered_savings<kernels::QConvProblem>();
}

TEST(MemoryLimit, WeightsOfIntegersCountToo) {
  const Result<Planned> whole = planned({}, 1, integers);
  ASSERT_TRUE(whole);
  const size_t direct = 4 * 32 * 16 * 9;  // less than the weights of the first layers
  EXPECT_GT(whole->packed_bytes, direct);
  const bool winograd = std::any_of(
      whole->kernels.begin(), whole->kernels.end(),
      [](const std::string& kernel) { return kernel.find("winograd") != std::string::npos; });
  Tensor picture(DType::kU8, Shape{1, 16, 48, 48});
  uint8_t next = 0;
  for (uint8_t& value : picture.mutable_data<uint8_t>()) value = next += 37;
  const auto outputs = [&](const MemoryLimit& memory) {
    Result<Session> session = Session::create(integers(), {.threads = 1, .memory = memory});
    const auto got = session->run(std::span(&picture, 1));
    return (*got)[0];
  };
  const Tensor expected = outputs({});
  size_t smaller = 0;
  for (size_t limit = 2 * whole->bytes; limit > whole->bytes / 4; limit -= whole->bytes / 16) {
    const Result<Planned> within = planned({limit, 0}, 1, integers);
    if (!within) break;
    EXPECT_LE(within->bytes, limit);
    EXPECT_TRUE(outputs({limit, 0}) == expected) << limit;
    smaller += within->packed_bytes < whole->packed_bytes;
  }
  EXPECT_EQ(smaller > 0, winograd);
}

TEST(MemoryLimit, EveryLimitFromTheLeastOnIsKept) {
  const Result<Planned> whole = planned({});
  ASSERT_TRUE(whole);
  const size_t enough = 2 * whole->bytes;
  const size_t least = least_limit(enough);
  EXPECT_LT(least, whole->bytes * 3 / 4);
  double before = INFINITY;
  size_t different = 0;
  for (size_t i = 0; i <= 160; ++i) {
    const size_t limit = least + (enough - least) * i / 160;
    const Result<Planned> within = planned({limit, 0});
    ASSERT_TRUE(within) << limit << ": " << within.error().message;
    EXPECT_LE(within->bytes, limit);
    EXPECT_LE(within->cost, before) << "more memory, and slower, at " << limit;
    different += within->cost < before;
    before = within->cost;
  }
  EXPECT_GE(different, 3u);  // more of them where most weights are packed
  EXPECT_EQ(before, whole->cost);  // enough is as good as no limit
}

// Large weights and small maps: while a layer packs its own, the graph's and those of the layers
// before are there beside them.
Graph large_weights() {
  std::mt19937 random(7);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 16, 3, 3});
  x = add_conv(graph, x, 32, 1, 1, random);
  x = add_conv(graph, x, 300, 1, 1, random);
  graph.outputs = {add_conv(graph, x, 300, 1, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

TEST(MemoryLimit, PackingCounts) {
  constexpr size_t kLast = 300 * 300 * 4, kBefore = 32 * 300 * 4, kFloats = 4 * 16 * 32;
  constexpr size_t kLeast = 2 * kLast + kBefore + kFloats;  // on one thread
  EXPECT_FALSE(planned({kLeast, 0}, 1, large_weights));
  EXPECT_TRUE(planned({kLeast * 11 / 10, 0}, 1, large_weights));
  const Result<Planned> refused = planned({kLeast, 0}, 1, large_weights);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("while they are packed"), std::string::npos)
      << refused.error().message;
}

TEST(MemoryLimit, ResultsStayRight) {
  const size_t whole = planned({})->bytes;
  const size_t least = least_limit(2 * whole);
  for (const size_t limit : {least, (least + whole) / 2, 2 * whole})
    EXPECT_TRUE(check_graph(network(), {.threads = 2, .memory = {limit, 0}}));
}

// Heights that some tiles of Winograd's divide and others do not: layers are in bands where all
// kernels that they may come to can be.
Graph odd_heights() {
  std::mt19937 random(8);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 64, 35, 200});
  for (const int64_t channels : {64, 72, 64}) x = add_conv(graph, x, channels, 3, 1, random);
  graph.outputs = {add_conv(graph, x, 8, 3, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

TEST(MemoryLimit, HeightsThatTilesDoNotDivide) {
  const size_t whole = planned({}, 1, odd_heights)->bytes;
  for (size_t i = 4; i <= 20; i += 2)
    if (const size_t limit = whole * i / 20; planned({limit, 0}, 1, odd_heights)) {
      EXPECT_TRUE(check_graph(odd_heights(), {.threads = 2, .memory = {limit, 0}}));
    }
}

TEST(MemoryLimit, ThreadsChangeNothing) {
  const size_t whole = planned({})->bytes;
  const size_t least = least_limit(2 * whole);
  for (const size_t limit : {least, (3 * least + whole) / 4, (least + whole) / 2}) {
    const Result<Planned> one = planned({limit, 0}, 1), two = planned({limit, 0}, 2);
    ASSERT_TRUE(one);
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_EQ(one->kernels, two->kernels);
  }
}

// With more threads the scratch is larger: where it does not fit, they are fewer.
TEST(MemoryLimit, ThreadsAreAsManyAsFit) {
  const size_t whole = planned({})->bytes;
  const size_t least = least_limit(2 * whole);
  EXPECT_FALSE(planned({least - 1, 0}, 64));
  for (size_t i = 0; i <= 20; ++i) {
    const size_t limit = least + (2 * whole - least) * i / 20;
    const Result<Planned> one = planned({limit, 0}, 1);
    ASSERT_TRUE(one) << one.error().message;
    for (const int threads : {2, 3, 5, 8, 64}) {
      const Result<Planned> many = planned({limit, 0}, threads);
      ASSERT_TRUE(many) << limit << " on " << threads << ": " << many.error().message;
      EXPECT_EQ(one->kernels, many->kernels);
      EXPECT_LE(many->bytes, limit);
      EXPECT_LE(many->threads, threads);
    }
  }
  EXPECT_LT(planned({least, 0}, 64)->threads, 64);
  EXPECT_EQ(planned({20 * whole, 0}, 64)->threads, 64);
  EXPECT_TRUE(check_graph(network(), {.threads = 64, .memory = {least, 0}}));
}

TEST(MemoryLimit, SessionsHaveActivationsEach) {
  const size_t whole = planned({})->bytes;
  const Result<Planned> one = planned({whole, 0, 1}), three = planned({whole, 0, 3});
  ASSERT_TRUE(one);
  if (three) {
    EXPECT_LE(three->bytes, whole);
    EXPECT_GE(three->cost, one->cost);
  }
  EXPECT_FALSE(planned({whole, 0, 100}));
}

TEST(MemoryLimit, RefusesWithTheLeastThatIsPossible) {
  const size_t least = least_limit(size_t{1} << 30);
  for (const size_t beside : {size_t{0}, size_t{5'000'000}}) {
    EXPECT_TRUE(planned({least + beside, beside}));
    const Result<Planned> refused = planned({least + beside - 1, beside});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
    EXPECT_NE(refused.error().message.find("at least " + megabytes(least + beside)),
              std::string::npos)
        << refused.error().message;
  }
}

}  // namespace
}  // namespace shrike
