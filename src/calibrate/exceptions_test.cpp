// Exceptions of networks that are made up: a row of units, each of which reads what the one before
// it computes.
#include "calibrate/exceptions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace shrike {
namespace {

constexpr LayerType kBytes = LayerType::kInt8, kWords = LayerType::kInt16,
                    kFloats = LayerType::kFloat;
using Types = std::vector<LayerType>;
using Order = std::vector<size_t>;

struct Row {
  // Milliseconds in 8 bits and in floats; 16 bits take as long as floats.
  Row(const std::vector<double>& errors, double bytes, double floats) {
    for (const double error : errors) units.push_back({error, {bytes, floats, floats}});
    for (size_t u = 1; u < units.size(); ++u) edges.push_back({u - 1, u, 1000});
  }
  double time(const Types& types) const { return time_of(units, edges, conversion, types); }
  Order order(const Types& types, LayerType exception = kFloats) const {
    return exceptions_in_order(units, edges, conversion, types, Types(units.size(), exception));
  }

  std::vector<TypedUnit> units;
  std::vector<UnitEdge> edges;
  ConversionMs conversion = {0.002, 0.001};  // of 1000 values: 2 ms and 1 ms
};

TEST(TimeOf, UnitsAndWhatLiesBetweenThem) {
  const Row row({0, 0, 0, 0}, 1, 3);
  EXPECT_DOUBLE_EQ(row.time(Types(4, kBytes)), 4);
  EXPECT_DOUBLE_EQ(row.time(Types(4, kFloats)), 12);
  EXPECT_DOUBLE_EQ(row.time({kBytes, kFloats, kFloats, kBytes}), 8 + 1 + 2);
  EXPECT_DOUBLE_EQ(row.time({kBytes, kFloats, kBytes, kFloats}), 8 + 1 + 2 + 1);
  EXPECT_DOUBLE_EQ(row.time({kBytes, kWords, kWords, kBytes}), 8 + 3) << "through floats";
  EXPECT_DOUBLE_EQ(row.time({kFloats, kWords, kFloats, kFloats}), 12 + 2 + 1);
}

TEST(Exceptions, LargestErrorsFirstWhereNothingElseIsKnown) {
  Row row({0.1, 5, 0.3, 2}, 0, 0);
  row.conversion = {};
  EXPECT_EQ(row.order(Types(4, kBytes)), (Order{1, 3, 2, 0}));
  EXPECT_EQ(row.order({kBytes, kFloats, kBytes, kBytes}), (Order{3, 2, 0}));
}

TEST(Exceptions, ByErrorForEachMillisecond) {
  Row row({2, 3}, 1, 2);
  row.conversion = {};
  row.units[1].ms = {1, 9, 9};
  EXPECT_EQ(row.order(Types(2, kBytes)), (Order{0, 1}));
}

TEST(Exceptions, InRunsWhereConversionsCost) {
  // The last has nearly the largest error, but 3 ms of conversions more than a neighbour.
  const Row row({0.5, 0.5, 1, 0.5, 0.1, 0.1, 0.7, 0.1}, 1, 2);
  const Order order = row.order(Types(8, kBytes));
  EXPECT_EQ((Order{order[0], order[1], order[2], order[3]}), (Order{2, 1, 0, 3}));
  Row free = row;
  free.conversion = {};
  EXPECT_EQ(free.order(Types(8, kBytes))[1], 6u);
}

TEST(FasterTypes, FloatsWhereTheWholeIsFasterForThem) {
  Row row({0, 0, 0, 0, 0}, 2, 3);
  row.units[2].ms[0] = 4;  // slower than floats by less than two conversions
  EXPECT_EQ(faster_types(row.units, row.edges, row.conversion, Types(5, kBytes)), Types(5, kBytes));
  row.units[2].ms[0] = 7;
  EXPECT_EQ(faster_types(row.units, row.edges, row.conversion, Types(5, kBytes)),
            (Types{kBytes, kBytes, kFloats, kBytes, kBytes}));
  row.units[3].ms[0] = 3.5;
  EXPECT_EQ(faster_types(row.units, row.edges, row.conversion, Types(5, kBytes)),
            (Types{kBytes, kBytes, kFloats, kFloats, kFloats}))
      << "the last, too, as its input would have to be converted";
}

TEST(FasterTypes, NeverSlowerThanTheBeginningAndNoSingleChangeIsFaster) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> ms(0.1, 4);
    Row row(std::vector<double>(12, 1), 0, 0);
    for (TypedUnit& unit : row.units) unit.ms = {ms(random), ms(random), ms(random)};
    for (size_t e = 0; e < 6; ++e)
      row.edges.push_back({random() % 6, 6 + random() % 6, 1000 * ms(random)});
    const Types bytes(12, kBytes);
    const Types found = faster_types(row.units, row.edges, row.conversion, bytes);
    EXPECT_LE(row.time(found), row.time(bytes)) << "seed " << seed;
    for (size_t u = 0; u < found.size(); ++u)
      for (const LayerType type : {kBytes, kFloats}) {
        Types other = found;
        other[u] = type;
        EXPECT_GE(row.time(other), row.time(found) - 1e-9) << "seed " << seed << ", unit " << u;
      }
    Order order = row.order(found);
    EXPECT_EQ(order.size(), static_cast<size_t>(std::ranges::count(found, kBytes)));
    std::ranges::sort(order);
    EXPECT_EQ(std::ranges::adjacent_find(order), order.end());
  }
}

}  // namespace
}  // namespace shrike
