#include <gtest/gtest.h>

#include <set>

#include "ir/infer.h"
#include "ir/verify.h"

namespace shrike {
namespace {

// images -> Relu -> a -> Add(a, a) -> b; a dead branch from a.
Graph small() {
  Graph g;
  const ValueId x = g.add_input("images", DType::kF32, Shape{1, 2, 3, 4});
  const ValueId a = g.add_node(Unary{UnaryKind::kRelu, 0, 0}, {x}, "a");
  g.add_node(Unary{UnaryKind::kExp, 0, 0}, {a}, "dead");
  const ValueId b = g.add_node(Binary{BinaryKind::kAdd, 0}, {a, a}, "b");
  g.outputs = {b};
  EXPECT_TRUE(infer_shapes(g));
  return g;
}

TEST(Graph, UsesKnowsProducersAndReaders) {
  const Graph g = small();
  const Uses uses(g);
  const ValueId a = *g.find_value("a"), b = *g.find_value("b"), x = *g.find_value("images");
  EXPECT_EQ(uses.producer(x), -1);
  EXPECT_EQ(uses.producer(b), 2);
  EXPECT_EQ(uses.readers(a), (std::vector<int>{1, 2, 2}));
  EXPECT_TRUE(uses.is_output(b));
  EXPECT_TRUE(uses.single_use(x));
  EXPECT_FALSE(uses.single_use(a));
}

TEST(Graph, RemoveDeadKeepsWhatOutputsNeed) {
  Graph g = small();
  remove_dead(g);
  EXPECT_EQ(g.nodes.size(), 2u);
  EXPECT_FALSE(g.find_value("dead"));
  EXPECT_TRUE(verify(g));
}

TEST(Graph, NamesStayUnique) {
  Graph g = small();
  EXPECT_EQ(g.value(g.add_value("a")).name, "a_2");
  EXPECT_EQ(g.value(g.add_value("a")).name, "a_3");
  EXPECT_EQ(g.value(g.add_value("new")).name, "new");
}

TEST(Graph, ManyNamesOfOneBaseStayUnique) {
  Graph g;
  g.add_value("a_4");
  g.add_value("a_9");
  for (int i = 0; i < 20000; ++i) g.add_value("a");
  std::set<std::string> names;
  for (const Value& value : g.values) names.insert(value.name);
  EXPECT_EQ(names.size(), g.values.size());
}

TEST(Graph, SwappedNamesAreFoundAndStayTaken) {
  Graph g = small();
  const ValueId a = *g.find_value("a"), b = *g.find_value("b");
  g.swap_names(a, b);
  EXPECT_EQ(g.value(a).name, "b");
  EXPECT_EQ(g.find_value("a"), b);
  EXPECT_EQ(g.find_value("b"), a);
  EXPECT_EQ(g.unique_name("a"), "a_2");
}

TEST(Verify, FindsBrokenInvariants) {
  const Graph good = small();
  ASSERT_TRUE(verify(good));
  const auto broken = [&](auto change) {
    Graph g = good;
    change(g);
    return !verify(g).ok();
  };
  EXPECT_TRUE(broken([](Graph& g) { g.outputs.clear(); }));
  EXPECT_TRUE(broken([](Graph& g) { g.outputs[0] = 99; }));
  EXPECT_TRUE(broken([](Graph& g) { g.nodes[0].inputs[0] = 99; }));
  EXPECT_TRUE(broken([](Graph& g) { g.nodes[0].outputs[0] = g.inputs[0]; }));
  EXPECT_TRUE(broken([](Graph& g) { g.values[1].name = g.values[0].name; }));
  EXPECT_TRUE(broken([](Graph& g) { g.values[1].shape = Shape{1}; }));
  EXPECT_TRUE(broken([](Graph& g) { g.values[1].dtype = DType::kI64; }));
  EXPECT_TRUE(broken([](Graph& g) { g.nodes.erase(g.nodes.begin()); }));
}

}  // namespace
}  // namespace shrike
