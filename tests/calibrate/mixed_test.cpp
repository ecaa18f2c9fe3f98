// What `mixed` makes of layers that lose and layers that are slow, by judges that are made up.
#include "calibrate/mixed.h"

#include "calibrate/conversions.h"
#include "calibrate/no_slower.h"
#include "chain.h"
#include "engine/testing/check.h"
#include "made.h"

namespace shrike {
namespace {

TEST(ChooseTypes, EightBitsWhereTheyAreGoodEnough) {
  Chain chain({0.1, 0.1, 0.05});
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, chain.options(0.3));
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_TRUE(choice->reached);
  EXPECT_EQ(chain.asked, 1);
  EXPECT_EQ(types_of(chain, *choice), (Types{3, 0}));
}

TEST(ChooseTypes, TheLeastNumberOfLayersInSixteenBits) {
  Chain chain({0.1, 5, 0.1, 0.3, 0.1, 2, 0.1, 0.1});
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, chain.options(0.85));
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->reached);
  EXPECT_NEAR(choice->lost, 0.8, 1e-9);
  EXPECT_EQ(types_of(chain, *choice), (Types{6, 2}));
  EXPECT_TRUE(choice->plan.convs.at(chain.convs[1]).weights.q.dtype() == DType::kI16);
  EXPECT_TRUE(choice->plan.convs.at(chain.convs[5]).weights.q.dtype() == DType::kI16);
  EXPECT_LE(chain.asked, 3);
}

// A judge's noise: seven exceptions are enough, and so is one, but not two to six.
TEST(ChooseTypes, FewExceptionsAreTriedBeforeMany) {
  Chain chain({1, 1, 1, 1, 1, 1, 1, 1});
  MixedOptions options = chain.options(0.5);
  options.points_lost = [](const Graph& graph) -> Result<double> {
    const int words = types_of(graph).words;
    return words == 1 || words >= 7 ? 0.0 : 1.0;
  };
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, options);
  ASSERT_TRUE(choice);
  EXPECT_EQ(types_of(chain, *choice), (Types{7, 1}));
}

TEST(ChooseTypes, FloatsWhereSixteenBitsAreTooFewToo) {
  Chain chain({0.1, 5, 0.1, 3});
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, chain.options(0.5, 0.2));
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->reached);
  EXPECT_FALSE(choice->plan.convs.contains(chain.convs[1]));
  EXPECT_FALSE(choice->plan.convs.contains(chain.convs[3]));
  EXPECT_EQ(choice->plan.convs.size(), 2u);
}

TEST(ChooseTypes, WhatCannotBeReachedIsSaid) {
  Chain chain({1, 1, 1});
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, chain.options(0.5, 0.9));
  ASSERT_TRUE(choice);
  EXPECT_FALSE(choice->reached);
  EXPECT_GT(choice->lost, 0.5);
}

// All of it in floats would lose nothing, and is no answer.
TEST(ChooseTypes, FloatsAsExceptionsDoNotReachIt) {
  Chain chain({1, 1, 1});
  MixedOptions options = chain.options(0.5);
  options.floats_alone = true;
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, options);
  ASSERT_TRUE(choice);
  EXPECT_FALSE(choice->reached);
  EXPECT_EQ(choice->lost, 1);
  EXPECT_EQ(choice->plan.convs.size(), 1u);
}

TEST(ChooseTypes, FloatsWhereIntegersAreSlower) {
  Chain chain({1, 0.1, 2, 0.1});
  MixedOptions options = chain.options(0.5);
  for (size_t i = 0; i < 4; ++i) options.ms[chain.convs[i]] = {1, 2, 3};
  options.ms[chain.convs[1]] = {4, 5, 3};  // 8 bits lose time
  options.ms[chain.convs[2]] = {1, 4, 3};  // 16 do
  EXPECT_FALSE(fastest_plan(chain.c, options).convs.contains(chain.convs[1]));
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, options);
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->reached);
  EXPECT_EQ(types_of(chain, *choice), (Types{1, 1})) << "float, int16, float, int8";
  EXPECT_EQ(choice->plan.convs.at(chain.convs[0]).weights.q.dtype(), DType::kI16);
  options.floats_alone = true;
  EXPECT_EQ(types_of(chain, *choose_types(chain.c, chain.layers, options)), (Types{1, 0}));
}

TEST(ChooseTypes, AJudgesErrorIsGivenOn) {
  Chain chain({1, 1});
  MixedOptions options = chain.options(0);
  options.points_lost = [](const Graph&) -> Result<double> { return runtime_error("no judge"); };
  const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, options);
  ASSERT_FALSE(choice);
  EXPECT_NE(choice.error().message.find("no judge"), std::string::npos);
}

TEST(Conversions, OfEveryOtherLayer) {
  const Chain chain({1, 1, 1, 1});  // maps of four values
  const IntegerPlan alternate = every_other(chain.c.network, chain.c.plan);
  ASSERT_EQ(alternate.convs.size(), 2u);
  EXPECT_TRUE(alternate.convs.contains(chain.convs[0]) && alternate.convs.contains(chain.convs[2]));
  EXPECT_EQ(alternate.groups.size(), 2u);
  const auto times = [&](const std::vector<double>& convs, double beside) {
    NetworkTimes of;
    of.all = beside;
    for (size_t i = 0; i < convs.size(); ++i) of.all += of.convs[chain.convs[i]] = convs[i];
    return of;
  };
  const auto conversion = [&](const NetworkTimes& alternating) {
    return conversion_ms(chain.c.network, chain.c.plan, times({3, 3, 3, 3}, 0.3),
                         times({1, 1, 1, 1}, 0.5), alternating);
  };
  // The second's output becomes integers; the first and the third write floats.
  const ConversionMs found = conversion(times({1.2, 3, 1.2, 3}, 0.5 + 0.8));
  EXPECT_NEAR(found.to_integers, 0.2, 1e-12);
  EXPECT_NEAR(found.to_floats, 0.05, 1e-12);
  const ConversionMs none = conversion(times({0.9, 3, 0.9, 3}, 0.4));
  EXPECT_EQ(none.to_integers, 0);
  EXPECT_EQ(none.to_floats, 0);
}

// Where errors are alike, an exception is worth more beside another: nothing is converted there.
TEST(ChooseTypes, ExceptionsComeInRuns) {
  Chain chain({0.5, 0.5, 0.5, 2, 0.5, 0.6});
  MixedOptions options = chain.options(2.15);
  for (const ValueId conv : chain.convs) options.ms[conv] = {1, 9, 2};
  const auto floats = [&] {
    const Result<MixedChoice> choice = choose_types(chain.c, chain.layers, options);
    EXPECT_TRUE(choice && choice->reached);
    EXPECT_EQ(choice->looks.size(), static_cast<size_t>(chain.asked));
    std::vector<bool> found;
    for (const ValueId conv : chain.convs) found.push_back(!choice->plan.convs.contains(conv));
    return found;
  };
  EXPECT_EQ(floats(), (std::vector<bool>{false, false, false, true, false, true}));
  chain.asked = 0;
  options.conversion = {0.4, 0.1};  // 1.6 and 0.4 ms for the four values of a map
  EXPECT_EQ(floats(), (std::vector<bool>{false, false, true, true, false, false}));
}

// Times that are made up: 3 ms a convolution in floats, those given in integers, and `converted`
// for each place where one type follows another.
class Clock {
 public:
  Clock(const Chain& chain, std::vector<double> integers, double converted)
      : chain_(chain), integers_(std::move(integers)), converted_(converted) {}

  TimePlans times() {
    return [this](std::span<const IntegerPlan> plans) -> Result<std::vector<NetworkTimes>> {
      ++asked;
      std::vector<NetworkTimes> all;
      for (const IntegerPlan& plan : plans) all.push_back(time(plan));
      return all;
    };
  }

  int asked = 0;

 private:
  NetworkTimes time(const IntegerPlan& plan) const {
    NetworkTimes times;
    bool integers = false;
    for (size_t i = 0; i < chain_.convs.size(); ++i) {
      const bool now = plan.convs.contains(chain_.convs[i]);
      times.all += now == integers ? 0 : converted_;
      times.all += times.convs[chain_.convs[i]] = now ? integers_[i] : 3;
      integers = now;
    }
    return times;
  }

  const Chain& chain_;
  std::vector<double> integers_;
  double converted_;
};

std::vector<bool> integers_of(const Chain& chain, const IntegerPlan& plan) {
  std::vector<bool> integers;
  for (const ValueId conv : chain.convs) integers.push_back(plan.convs.contains(conv));
  return integers;
}

TEST(NoSlower, WhatIsFasterStays) {
  const Chain chain({1, 1, 1, 1});
  Clock clock(chain, {1, 4, 1, 1}, 1);  // a slow layer between fast ones is one conversion
  const auto timed = no_slower(chain.c.network, chain.c.plan, clock.times());
  ASSERT_TRUE(timed) << timed.error().message;
  EXPECT_EQ(integers_of(chain, timed->plan), (std::vector<bool>{true, true, true, true}));
  EXPECT_EQ(timed->plan.groups.size(), chain.c.plan.groups.size());
  EXPECT_EQ(timed->ms_floats, 12);
  EXPECT_EQ(timed->ms, 8);
  EXPECT_EQ(clock.asked, 1);
}

TEST(NoSlower, LayersThatLoseAreFloatsAgain) {
  const Chain chain({1, 1, 1, 1, 1, 1});
  Clock clock(chain, {2, 2, 2, 9, 9, 9}, 0.5);
  const auto timed = no_slower(chain.c.network, chain.c.plan, clock.times());
  ASSERT_TRUE(timed);
  EXPECT_EQ(integers_of(chain, timed->plan),
            (std::vector<bool>{true, true, true, false, false, false}));
  EXPECT_EQ(timed->plan.groups.size(), 3u);
  EXPECT_EQ(timed->ms_floats, 18);
  EXPECT_EQ(timed->ms, 2 * 3 + 3 * 3 + 2 * 0.5);
}

TEST(NoSlower, ThoseThatWinLeastGoWhereConversionsCost) {
  const Chain chain({1, 1, 1, 1});
  // The second wins 0.1 and, being in the middle, costs nothing; the last two cost two conversions.
  Clock clock(chain, {3.5, 2.9, 3.4, 1}, 1.5);
  const auto timed = no_slower(chain.c.network, chain.c.plan, clock.times());
  ASSERT_TRUE(timed);
  EXPECT_EQ(integers_of(chain, timed->plan), (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(timed->ms, 3 * 3 + 1.5 + 1);
  EXPECT_LE(timed->ms, timed->ms_floats);
}

TEST(NoSlower, NothingIsLeftWhereAllOfItIsSlower) {
  const Chain chain({1, 1, 1, 1, 1});
  Clock clock(chain, {2, 2, 2, 2, 2}, 20);
  const auto timed = no_slower(chain.c.network, chain.c.plan, clock.times());
  ASSERT_TRUE(timed);
  EXPECT_TRUE(timed->plan.convs.empty());
  EXPECT_TRUE(timed->plan.groups.empty());
  EXPECT_EQ(timed->ms, timed->ms_floats);
}

TEST(NoSlower, AClocksErrorIsGivenOn) {
  const Chain chain({1});
  const auto timed =
      no_slower(chain.c.network, chain.c.plan,
                [](std::span<const IntegerPlan>) -> Result<std::vector<NetworkTimes>> {
                  return runtime_error("no clock");
                });
  ASSERT_FALSE(timed);
  EXPECT_NE(timed.error().message.find("no clock"), std::string::npos);
}

// An addition joins what it reads and writes: Made's second convolution has a residual.
TEST(ChooseTypes, WhatIsAddedHasOneType) {
  const TestFolder folder;
  const CalibrationOptions calibration = options_of(write_pictures(folder.path(), 2));
  const Result<Calibration> c = calibrate(Made().graph, calibration);
  ASSERT_TRUE(c);
  const auto layers = sensitivity_of(*c, calibration, nullptr);
  ASSERT_TRUE(layers) << layers.error().message;
  ASSERT_EQ(layers->size(), 3u);
  for (const auto& [conv, layer] : *layers) {
    EXPECT_GT(layer.error, 0);
    EXPECT_FALSE(layer.points);
  }
  std::vector<Types> tried;
  MixedOptions options;
  options.points_lost = [&](const Graph& graph) -> Result<double> {
    tried.push_back(types_of(graph));
    return tried.size() == 1 ? 1.0 : 0.0;
  };
  options.max_drop = 0.5;
  ASSERT_TRUE(choose_types(*c, *layers, options));
  for (const Types& types : tried) EXPECT_EQ(types.bytes + types.words, 3);
  // The first convolution reads the picture alone: a unit. The others are one.
  ASSERT_EQ(tried.size(), 2u);
  EXPECT_TRUE(tried[1] == (Types{2, 1}) || tried[1] == (Types{1, 2})) << tried[1].words;
}

TEST(Sensitivity, ALayerAtATimeIsJudged) {
  const TestFolder folder;
  const CalibrationOptions options = options_of(write_pictures(folder.path(), 1));
  const Result<Calibration> c = calibrate(Made().graph, options);
  ASSERT_TRUE(c);
  double points = 0;
  const auto layers = sensitivity_of(*c, options, [&](const Graph& graph) -> Result<double> {
    EXPECT_EQ(types_of(graph), (Types{1, 0}));
    return ++points;
  });
  ASSERT_TRUE(layers);
  EXPECT_EQ(points, 3);
  for (const auto& [conv, layer] : *layers) EXPECT_GT(*layer.points, 0);
}

// Convolutions that are computed together, band by band, share the time of their step.
TEST(MeasureTimes, OfConvolutionsInBands) {
  std::mt19937 random(2);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 320, 320});
  x = testing::add_conv(graph, x, 16, 3, 2, random);
  for (int i = 0; i < 2; ++i) x = testing::add_conv(graph, x, 16, 1, 1, random);
  graph.outputs = {x};
  ASSERT_TRUE(infer_shapes(graph));
  const IntegerPlan plans[] = {{}};
  const Result<std::vector<NetworkTimes>> times = measure_times(graph, plans, nullptr);
  ASSERT_TRUE(times) << times.error().message;
  const NetworkTimes& of = times->front();
  ASSERT_EQ(of.convs.size(), 3u);
  double sum = 0;
  for (const auto& [conv, ms] : of.convs) {
    EXPECT_GT(ms, 0);
    sum += ms;
  }
  EXPECT_GT(sum, 0.5 * of.all);
  EXPECT_LE(sum, 1.0001 * of.all);
  const Result<std::vector<double>> nodes = measure_nodes(graph, nullptr);
  ASSERT_TRUE(nodes);
  for (const double ms : *nodes) EXPECT_GT(ms, 0);
}

// What is computed by rows, as one step, has as much of its time each.
TEST(MeasureTimes, OfElementsByRows) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 64, 64});
  const ValueId known = graph.add_node(Unary{UnaryKind::kExp}, {x}, "known");
  graph.outputs = {graph.add_node(Unary{UnaryKind::kSigmoid}, {known}, "y")};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<std::vector<double>> nodes = measure_nodes(graph, nullptr);
  ASSERT_TRUE(nodes);
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_GT((*nodes)[0], 0);
  EXPECT_EQ((*nodes)[0], (*nodes)[1]);
}

TEST(MeasureTimes, OfEveryConvolutionInFloatsAndIntegers) {
  const TestFolder folder;
  const CalibrationOptions options = options_of(write_pictures(folder.path(), 1));
  const Result<Calibration> c = calibrate(Made().graph, options);
  ASSERT_TRUE(c);
  const IntegerPlan plans[] = {{}, c->plan, in_words(*c)};
  const Result<std::vector<NetworkTimes>> times = measure_times(c->network, plans, nullptr);
  ASSERT_TRUE(times) << times.error().message;
  ASSERT_EQ(times->size(), 3u);
  for (const NetworkTimes& of : *times) {
    EXPECT_EQ(of.convs.size(), 3u);
    double sum = 0;
    for (const auto& [conv, ms] : of.convs) {
      EXPECT_GT(ms, 0);
      sum += ms;
    }
    EXPECT_GE(of.all, sum);
  }
}

}  // namespace
}  // namespace shrike
