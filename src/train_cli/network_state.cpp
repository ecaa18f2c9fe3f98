#include "train_cli/network_state.h"

#include <map>
#include <span>

#include "base/excerpt.h"
#include "base/sha256.h"
#include "ir/text.h"

namespace shrike {

namespace {

constexpr const char *kWeights = "weights/", *kNetwork = "network/";

using TensorsByName = std::map<std::string, const Tensor*, std::less<>>;

TensorsByName by_name(const std::vector<NamedTensor>& tensors) {
  TensorsByName map;
  for (const NamedTensor& item : tensors) map.emplace(item.name, &item.tensor);
  return map;
}

std::string sha256_of(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

// What json() says, as far as it can be told without the graph.
struct Written {
  std::string text;
  std::vector<std::string> detached;
};

Result<Written> written(const Json& json, const std::string& source) {
  Written written;
  try {
    json.at("text").get_to(written.text);
    json.at("detached").get_to(written.detached);
    if (json.at("sha256") == sha256_of(written.text)) return written;
  } catch (const Json::exception&) {
  }
  return model_error(source + ": there is no network in it");
}

// Inputs behind the picture are constants, which lie beside the text.
Result<void> take_constants(Graph& graph, const TensorsByName& tensors, const std::string& source) {
  for (size_t i = 1; i < graph.inputs.size(); ++i) {
    Value& value = graph.value(graph.inputs[i]);
    auto found = tensors.find(kWeights + value.name);
    if (found == tensors.end()) found = tensors.find(kNetwork + value.name);
    if (found == tensors.end() || found->second->dtype() != value.dtype || !value.shape ||
        found->second->shape() != *value.shape)
      return model_error(source + ": the tensor " + in_quotes(value.name) +
                         " is not that of the network beside it: it is that of another network");
    value.constant = *found->second;
  }
  if (graph.inputs.empty()) return model_error(source + ": its network takes no picture");
  graph.inputs.resize(1);
  return {};
}

}  // namespace

NetworkState::NetworkState(const TrainingGraph& training, const std::vector<NamedTensor>& trained) {
  const TensorsByName weights = by_name(trained);
  Graph graph = training.graph;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    Value& value = graph.values[id];
    if (!value.constant) continue;
    if (!weights.contains(kWeights + value.name))
      tensors_.push_back({kNetwork + value.name, *value.constant});
    value.dtype = value.constant->dtype();
    value.shape = value.constant->shape();
    value.constant.reset();
    graph.inputs.push_back(static_cast<ValueId>(id));
  }
  std::vector<std::string> detached;
  for (const ValueId id : training.detached) detached.push_back(training.graph.value(id).name);
  const std::string text = print_graph(graph);
  json_ = {{"text", text}, {"detached", detached}, {"sha256", sha256_of(text)}};
}

Result<TrainingGraph> network_from(const Json& json, const std::vector<NamedTensor>& tensors,
                                   const std::string& source) {
  SHRIKE_ASSIGN(const Written state, written(json, source));
  SHRIKE_ASSIGN(Graph graph, parse_graph(state.text, source));
  SHRIKE_TRY(take_constants(graph, by_name(tensors), source));
  std::vector<ValueId> detached;
  for (const std::string& name : state.detached) {
    const std::optional<ValueId> id = graph.find_value(name);
    if (!id) return model_error(source + ": its network has no value " + in_quotes(name));
    detached.push_back(*id);
  }
  Result<TrainingGraph> training = with_heads(std::move(graph), std::move(detached));
  if (!training) return in_context(source, training.error());
  return training;
}

}  // namespace shrike
