#include "train/teacher.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "base/finite.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/resize_input.h"
#include "train/guard.h"
#include "train/head_features.h"

namespace shrike::train {

namespace {

// Raw maps, and features where they are wanted, become the outputs; nothing behind them is
// computed.
Result<void> show_inside(Graph& graph, bool with_features) {
  const Node& node = *find_head(graph);
  graph.outputs = node.inputs;
  if (!with_features) return {};
  SHRIKE_ASSIGN(const std::vector<ValueId> features,
                head_features(graph, graph.outputs, std::get<Head>(node.op).maps_per_scale()));
  graph.outputs.insert(graph.outputs.end(), features.begin(), features.end());
  return {};
}

Tensor for_pictures(const Tensor& of_one, int64_t pictures) {
  Shape shape = of_one.shape();
  shape[0] = pictures;
  return Tensor(DType::kF32, shape);
}

}  // namespace

Result<Teacher> Teacher::create(Graph lifted, const Preprocess& preprocess, int threads,
                                bool features) {
  Teacher teacher;
  teacher.head_ = std::get<Head>(find_head(lifted)->op);
  teacher.preprocess_ = preprocess;
  teacher.threads_ = std::max(threads, 1);
  teacher.features_ = features;
  const Shape input = *lifted.value(lifted.inputs[0]).shape;
  Graph shown = lifted;
  const size_t maps = find_head(shown)->inputs.size();
  SHRIKE_TRY(show_inside(shown, features));
  for (size_t i = maps; i < shown.outputs.size(); ++i) {
    const Shape& feature = *shown.value(shown.outputs[i]).shape;
    if (feature.rank() != 4)
      return model_error("what its head reads is " + to_string(feature) + ", not a map");
    teacher.channels_.push_back(feature[1]);
  }
  teacher.graph_ = std::move(lifted);
  SHRIKE_TRY(teacher.sessions(static_cast<int>(input[2]), static_cast<int>(input[3])));
  return teacher;
}

Result<std::vector<Session>*> Teacher::sessions(int height, int width) {
  const auto found = std::ranges::find_if(
      prepared_, [&](const Prepared& of) { return of.height == height && of.width == width; });
  if (found != prepared_.end()) {
    std::rotate(found, found + 1, prepared_.end());
    return &prepared_.back().streams;
  }
  if (prepared_.size() == kMostPrepared) prepared_.erase(prepared_.begin());
  Graph graph = graph_;
  const Shape& own = *graph.value(graph.inputs[0]).shape;
  if (own[2] != height || own[3] != width) SHRIKE_TRY(resize_input(graph, height, width));
  SHRIKE_TRY(show_inside(graph, features_));
  remove_dead(graph);
  const Shape shapes[] = {*graph.value(graph.inputs[0]).shape};
  SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(std::move(graph), shapes));
  SessionOptions options;
  options.threads = 1;
  std::vector<Session> streams;
  SHRIKE_ASSIGN(Session first, Session::create(std::move(prepared), options));
  streams.push_back(std::move(first));
  while (static_cast<int>(streams.size()) < threads_) {
    SHRIKE_ASSIGN(Session next, Session::another(streams.front()));
    streams.push_back(std::move(next));
  }
  prepared_.push_back({height, width, std::move(streams)});
  return &prepared_.back().streams;
}

void Teacher::remember(std::filesystem::path folder, size_t most_bytes) {
  cache_ = std::make_unique<LessonCache>(std::move(folder), graph_, most_bytes);
}

std::string Teacher::take_trouble() { return cache_ ? cache_->take_trouble() : std::string(); }

// One picture through one stream, unless it is known.
Result<std::vector<Tensor>> Teacher::look(Session& session, const Batch& batch,
                                          size_t picture) const {
  std::string key;
  if (cache_) {
    key = cache_->key(batch, picture);
    std::vector<Shape> shapes;
    for (const Port& output : session.plan().outputs()) shapes.push_back(output.shape);
    if (std::vector<Tensor> known = cache_->find(key, shapes); !known.empty()) return known;
  }
  Tensor input(DType::kF32, Shape{1, 3, int64_t{batch.height}, int64_t{batch.width}});
  to_input(batch, picture, preprocess_, input.mutable_data<float>().data());
  Result<std::vector<Tensor>> outputs = session.run(std::span(&input, 1));
  if (!outputs) return outputs;
  if (!std::all_of(outputs->begin(), outputs->end(),
                   [](const Tensor& output) { return all_finite(output); }))
    return model_error(
        "--teacher: what it says of a picture is in part infinite or no number, which nobody can "
        "learn from");
  if (cache_) cache_->keep(key, *outputs);
  return outputs;
}

Result<Lesson> Teacher::look(const Batch& batch) {
  SHRIKE_ASSIGN(std::vector<Session>* const streams, sessions(batch.height, batch.width));
  const size_t pictures = batch.pictures();
  std::vector<std::vector<Tensor>> outputs(pictures);
  std::vector<Result<void>> results(streams->size());  // by stream
  const auto run = guarded("the teacher's forward pass", [&] {
    at::parallel_for(0, static_cast<int64_t>(streams->size()), 1, [&](int64_t begin, int64_t end) {
      for (auto s = static_cast<size_t>(begin); s < static_cast<size_t>(end); ++s)
        for (size_t i = s; i < pictures && results[s]; i += streams->size())
          if (auto said = look((*streams)[s], batch, i); said)
            outputs[i] = *std::move(said);
          else
            results[s] = said.error();
    });
  });
  SHRIKE_TRY(run);
  for (const Result<void>& result : results)
    if (!result) return result.error();
  Lesson lesson;
  const size_t maps = head_.scales() * head_.maps_per_scale();
  for (size_t o = 0; o < outputs[0].size(); ++o) {
    Tensor all = for_pictures(outputs[0][o], static_cast<int64_t>(pictures));
    float* to = all.mutable_data<float>().data();
    for (const std::vector<Tensor>& of_picture : outputs) {
      const std::span<const float> from = of_picture[o].data<float>();
      to = std::copy(from.begin(), from.end(), to);
    }
    (o < maps ? lesson.maps : lesson.features).push_back(std::move(all));
  }
  return lesson;
}

}  // namespace shrike::train
