// Which of two searches wins, by clocks and judges that are made up.
#include "calibrate/choose.h"

#include <algorithm>
#include <functional>

#include "chain.h"

namespace shrike {
namespace {

// A clock for whole networks. How often it was asked is counted.
struct Clock {
  TimePlans times() {
    return [this](std::span<const IntegerPlan> plans) -> Result<std::vector<NetworkTimes>> {
      ++asked;
      std::vector<NetworkTimes> all;
      for (const IntegerPlan& plan : plans) all.push_back({{}, ms(plan)});
      return all;
    };
  }
  std::function<double(const IntegerPlan&)> ms;
  int asked = 0;
};

bool has_words(const IntegerPlan& plan) {
  return std::ranges::any_of(
      plan.convs, [](const auto& conv) { return conv.second.weights.q.dtype() == DType::kI16; });
}

// Four layers; what is lost by the number of layers in 8 and in 16 bits, the others in floats.
class Choosing : public ::testing::Test {
 protected:
  using Judge = std::function<double(Types)>;

  MixedChoice choose(const Judge& judge) {
    MixedOptions options;
    options.max_drop = 0.5;
    options.points_lost = [&](const Graph& graph) -> Result<double> {
      judged_.push_back(types_of(graph));
      return judge(judged_.back());
    };
    const Result<MixedChoice> choice =
        choose_by_whole(chain_.c, chain_.layers, options, clock_.times());
    EXPECT_TRUE(choice);
    EXPECT_EQ(choice->looks.size(), judged_.size());
    EXPECT_EQ(std::ranges::count(judged_, Types{4, 0}), 1) << "where both searches begin";
    return *choice;
  }
  // Milliseconds of a plan with 16 bits, of one with floats in their place, of floats alone.
  void clock(double words, double floats, double none) {
    clock_.ms = [=](const IntegerPlan& plan) {
      return plan.convs.empty() ? none : has_words(plan) ? words : floats;
    };
  }
  // Good enough from so many exceptions on, of words and of floats.
  static Judge needs(int words, int floats) {
    return [=](Types types) {
      const int others = 4 - types.bytes - types.words;
      return types.words >= words || (types.words == 0 && others >= floats) ? 0.0 : 1.0;
    };
  }

  Chain chain_{{1, 1, 1, 1}};
  Clock clock_;
  std::vector<Types> judged_;
};

TEST_F(Choosing, EightBitsNeedNoSecondSearch) {
  const MixedChoice choice = choose([](Types) { return 0.0; });
  EXPECT_EQ(types_of(chain_, choice), (Types{4, 0}));
  EXPECT_EQ(choice.looks, std::vector<double>{0});
  EXPECT_EQ(clock_.asked, 0);
}

TEST_F(Choosing, AsManyIn8BitsAreTakenByTime) {
  clock(2, 1, 9);
  EXPECT_EQ(types_of(chain_, choose(needs(1, 1))), (Types{3, 0}));
  judged_.clear();
  clock(1, 2, 9);
  EXPECT_EQ(types_of(chain_, choose(needs(1, 1))), (Types{3, 1}));
}

TEST_F(Choosing, MoreIn8BitsAreTakenThoughSlower) {
  clock(1, 2, 9);
  EXPECT_EQ(types_of(chain_, choose(needs(2, 1))), (Types{3, 0}));
  judged_.clear();
  clock(2, 1, 9);
  EXPECT_EQ(types_of(chain_, choose(needs(1, 2))), (Types{3, 1}));
}

TEST_F(Choosing, UnlessSixteenBitsAreSlowerThanFloatsAlone) {
  clock(5, 3, 4);
  EXPECT_EQ(types_of(chain_, choose(needs(1, 2))), (Types{2, 0}));
  judged_.clear();
  clock(5, 6, 4);
  EXPECT_EQ(types_of(chain_, choose(needs(2, 1))), (Types{2, 2}));
}

TEST_F(Choosing, WhatReachesTheBarIsTaken) {
  clock(9, 1, 5);
  EXPECT_EQ(types_of(chain_, choose(needs(1, 9))), (Types{3, 1})) << "floats do not";
  judged_.clear();
  const MixedChoice choice = choose([](Types types) {
    return types == Types{3, 0} ? 0.0 : types.words > 0 ? 0.9 : 1.0;
  });
  EXPECT_TRUE(choice.reached);
  EXPECT_EQ(types_of(chain_, choice), (Types{3, 0})) << "16 bits do not";
  EXPECT_EQ(clock_.asked, 0) << "nothing to choose between";
}

TEST_F(Choosing, NothingReachesTheBar) {
  clock(1, 1, 1);
  const MixedChoice choice = choose([](Types types) { return types.words > 0 ? 0.8 : 1.0; });
  EXPECT_FALSE(choice.reached);
  EXPECT_EQ(choice.lost, 0.8);
}

TEST_F(Choosing, ByATableThereIsOneSearch) {
  MixedOptions options = chain_.options(0.5);
  const Result<MixedChoice> choice = choose_by_whole(chain_.c, chain_.layers, options, nullptr);
  ASSERT_TRUE(choice);
  EXPECT_TRUE(has_words(choice->plan));
  EXPECT_EQ(choice->looks.size(), static_cast<size_t>(chain_.asked));
}

TEST_F(Choosing, AClocksErrorIsGivenOn) {
  const auto broken = [](std::span<const IntegerPlan>) -> Result<std::vector<NetworkTimes>> {
    return runtime_error("no clock");
  };
  const Result<MixedChoice> choice =
      choose_by_whole(chain_.c, chain_.layers, chain_.options(3.5), broken);
  ASSERT_FALSE(choice);
  EXPECT_NE(choice.error().message.find("no clock"), std::string::npos);
}

TEST_F(Choosing, FloatsStayWhereTheWholeIsFasterForThem) {
  MixedOptions options;
  for (const ValueId conv : chain_.convs) options.ms[conv] = {1, 2, 3};
  clock_.ms = [](const IntegerPlan& plan) { return static_cast<double>(plan.convs.size()); };
  ASSERT_TRUE(prefer_floats_that_pay(chain_.c, options, clock_.times()));
  EXPECT_EQ(clock_.asked, 0) << "no layer is faster in floats";

  options.ms[chain_.convs[1]] = {4, 5, 3};
  ASSERT_TRUE(prefer_floats_that_pay(chain_.c, options, clock_.times()));
  EXPECT_FALSE(fastest_plan(chain_.c, options).convs.contains(chain_.convs[1]));

  clock_.ms = [](const IntegerPlan& plan) { return 9 - static_cast<double>(plan.convs.size()); };
  ASSERT_TRUE(prefer_floats_that_pay(chain_.c, options, clock_.times()));
  EXPECT_EQ(fastest_plan(chain_.c, options).convs.size(), 4u);
  EXPECT_EQ(clock_.asked, 2);
}

}  // namespace
}  // namespace shrike
