#include "calibrate/output_error.h"

#include <algorithm>

#include "passes/lift_head.h"
#include "passes/pipeline.h"
#include "vision/decode.h"

namespace shrike {

namespace {

// Sums of squares: of the differences, and of what there is to differ from.
struct Spread {
  double difference = 0, values = 0;
};

void add(Spread& spread, std::span<const float> y, std::span<const float> real) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < real.size(); ++i) {
    const auto value = static_cast<double>(real[i]);
    const double off = static_cast<double>(y[i]) - value;
    spread.difference += off * off;
    sum += value;
    squares += value * value;
  }
  spread.values += squares - sum * sum / static_cast<double>(std::max<size_t>(real.size(), 1));
}

}  // namespace

Graph up_to_maps(Graph network) {
  if (const Node* head = find_head(network)) network.outputs = head->inputs;
  return network;
}

Result<OutputError> OutputError::create(const Graph& network, const CalibrationOptions& options,
                                        size_t most) {
  OutputError error;
  error.network_ = up_to_maps(network);
  error.preprocess_ = options.preprocess;
  error.threads_ = options.threads;
  error.proceed_ = options.proceed;
  const size_t count = std::min(most, options.pictures.size());
  for (size_t i = 0; i < count; ++i) {
    SHRIKE_ASSIGN(Image picture, read_image(options.pictures[i * options.pictures.size() / count]));
    error.pictures_.push_back(std::move(picture));
  }
  Graph real = error.network_;
  remove_dead(real);
  SHRIKE_ASSIGN(error.real_, error.run(std::move(real)));
  return error;
}

Result<std::vector<std::vector<Tensor>>> OutputError::run(Graph prepared) const {
  SHRIKE_ASSIGN(Observer observer, Observer::create(std::move(prepared), preprocess_, threads_));
  std::vector<std::vector<Tensor>> all;
  for (const Image& picture : pictures_) {
    SHRIKE_TRY(go_on(proceed_));
    SHRIKE_ASSIGN(std::vector<Tensor> outputs, observer.look(picture));
    all.push_back(std::move(outputs));
  }
  return all;
}

Result<double> OutputError::of(const IntegerPlan& plan) const {
  Graph graph = network_;
  SHRIKE_TRY(place_integers(graph, plan));
  SHRIKE_TRY(run_passes(graph, inference_passes()));
  SHRIKE_ASSIGN(const auto outputs, run(std::move(graph)));
  std::vector<Spread> spreads(network_.outputs.size());
  for (size_t picture = 0; picture < outputs.size(); ++picture)
    for (size_t i = 0; i < spreads.size(); ++i)
      add(spreads[i], outputs[picture][i].data<float>(), real_[picture][i].data<float>());
  double sum = 0;
  for (const Spread& spread : spreads)
    sum += spread.values > 0 ? spread.difference / spread.values : 0;
  return sum / static_cast<double>(spreads.size());
}

}  // namespace shrike
