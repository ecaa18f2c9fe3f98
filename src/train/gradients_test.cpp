// Gradients of whole networks, through shared, split and joined maps: as near to those in doubles
// as LibTorch's own functions come in floats.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "passes/training_graph.h"
#include "train/module.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

TrainingGraph network(const std::string& name) {
  zoo::ScratchOptions options;
  options.classes = 3;
  options.size = {96, 96};
  Result<Graph> graph = zoo::scratch_model(name, options);
  EXPECT_TRUE(graph) << graph.error().message;
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), 96, 96);
  EXPECT_TRUE(training) << training.error().message;
  return *std::move(training);
}

// Of a smooth function of the raw maps, by parameter. `apart`: convolutions, batch norms and
// activations are steps of their own, as all that convolutions give is an output.
std::vector<at::Tensor> gradients(const TrainingGraph& training, const Parameters& parameters,
                                  bool apart) {
  ModuleOptions options;
  options.outputs = training.head.maps;
  for (const Node& node : training.graph.nodes)
    if (apart && std::holds_alternative<Conv>(node.op)) options.outputs.push_back(node.outputs[0]);
  const Result<Module> module = Module::build(training.graph, parameters, options);
  EXPECT_TRUE(module) << module.error().message;
  const auto type = parameters.all()[0].tensor.scalar_type();
  at::manual_seed(6);
  const at::Tensor pictures = at::rand({3, 3, 96, 96}, at::kDouble).to(type);
  const auto maps = module->forward(std::span(&pictures, 1), RunMode{true});
  EXPECT_TRUE(maps) << maps.error().message;
  at::Tensor loss = at::zeros({}, type);
  for (size_t i = 0; i < training.head.maps.size(); ++i) {
    const at::Tensor& map = (*maps)[i];
    const at::Tensor phase = at::arange(map.numel(), type).view(map.sizes()) * 0.37;
    loss = loss + at::mean(at::softplus(map * at::sin(phase))) * 100;
  }
  loss.backward();
  std::vector<at::Tensor> result;
  for (const Parameter& p : parameters.all())
    if (learns(p.role)) result.push_back(p.tensor.grad().to(at::kDouble));
  return result;
}

// A parameter without influence has a gradient that is nothing but rounding: as a part of the
// largest one's.
std::vector<double> distances(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double largest = 0;
  for (const at::Tensor& gradient : b) largest = std::max(largest, gradient.norm().item<double>());
  std::vector<double> sorted;
  for (size_t i = 0; i < a.size(); ++i)
    sorted.push_back((a[i] - b[i]).norm().item<double>() /
                     (b[i].norm().item<double>() + 1e-6 * largest));
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

class NetworkGradients : public ::testing::TestWithParam<const char*> {};

TEST_P(NetworkGradients, AreAsNearAsLibTorchs) {
  const TrainingGraph training = network(GetParam());
  const Result<Parameters> parameters = Parameters::of(training.graph);
  ASSERT_TRUE(parameters);
  const auto copy = [&](at::ScalarType type) { return *parameters->converted(type); };
  const auto expected = gradients(training, copy(at::kDouble), true);
  const auto own = distances(gradients(training, copy(at::kFloat), false), expected);
  const auto apart = distances(gradients(training, copy(at::kFloat), true), expected);
  const size_t half = own.size() / 2;
  EXPECT_LE(own[half], 1.5 * apart[half]);
  EXPECT_LE(own.back(), 2 * apart.back());
  EXPECT_LE(own[half], 1e-3);
  EXPECT_GT(own[half], 0) << "not in floats";
  std::cout << "distances from doubles: median " << own[half] << ", most " << own.back()
            << "; LibTorch's " << apart[half] << ", " << apart.back() << '\n';
}

INSTANTIATE_TEST_SUITE_P(Families, NetworkGradients,
                         ::testing::Values("yolov8n", "yolo11n", "yolov5n", "yolov3-tiny"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace shrike::train
