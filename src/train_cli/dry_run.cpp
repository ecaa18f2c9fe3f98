#include "train_cli/dry_run.h"

#include <algorithm>
#include <cmath>

#include "engine/session.h"
#include "passes/insert_batchnorm.h"
#include "passes/pipeline.h"
#include "train/run_once.h"

namespace shrike {

namespace {

// Of the elements of b, the largest distance from a's, by the largest magnitude of b.
double difference(const Tensor& a, const Tensor& b) {
  const std::span<const float> x = a.data<float>(), y = b.data<float>();
  double most = 0, range = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
    range = std::max(range, std::abs(static_cast<double>(y[i])));
  }
  return range > 0 ? most / range : most;
}

Result<std::vector<Tensor>> run_engine(Graph graph, const Tensor& picture, int threads) {
  const Shape shapes[] = {picture.shape()};
  SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(std::move(graph), shapes));
  SessionOptions options;
  options.threads = threads;
  SHRIKE_ASSIGN(Session session, Session::create(std::move(prepared), options));
  return session.run(std::span(&picture, 1));
}

}  // namespace

Tensor waves(const Head& head, const Shape& shape) {
  const double most = head.kind == HeadKind::kYolox ? 255 : 1;
  Tensor pictures(DType::kF32, shape);
  float* out = pictures.mutable_data<float>().data();
  for (int64_t plane = 0; plane < shape[0] * shape[1]; ++plane)
    for (int64_t y = 0; y < shape[2]; ++y)
      for (int64_t x = 0; x < shape[3]; ++x) {
        const auto phase = static_cast<double>(plane);
        const double wave = std::sin(0.02 * (static_cast<double>(x) + 20 * phase)) *
                            std::cos(0.03 * static_cast<double>(y) + phase);
        *out++ = static_cast<float>(most * (0.5 + 0.4 * wave));
      }
  return pictures;
}

Result<DryRun> dry_run(const TrainingGraph& training, int threads) {
  Graph graph = training.graph;
  graph.outputs = training.head.maps;
  if (training.one_to_many)
    graph.outputs.insert(graph.outputs.end(), training.one_to_many->maps.begin(),
                         training.one_to_many->maps.end());
  DryRun result;
  result.folded = static_cast<int64_t>(folded_convolutions(training.graph).size());
  result.norms = std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return std::holds_alternative<BatchNorm>(node.op);
  });
  const Tensor picture = waves(training.head.head, *graph.value(graph.inputs[0]).shape);
  SHRIKE_ASSIGN(const train::Once once, train::run_once(graph, std::vector{picture}));
  result.learned = once.learned;
  SHRIKE_ASSIGN(const std::vector<Tensor> expected, run_engine(graph, picture, threads));
  for (size_t i = 0; i < expected.size(); ++i)
    result.difference = std::max(result.difference, difference(once.outputs[i], expected[i]));
  return result;
}

}  // namespace shrike
