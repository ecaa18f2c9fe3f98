#include "calibrate/layer_times.h"

#include "calibrate/observer.h"
#include "calibrate/output_error.h"
#include "engine/session.h"
#include "passes/pipeline.h"

namespace shrike {

namespace {

constexpr int kRounds = 7;

// How the steps of a convolution are found again, whatever passes make of it: a node's name stays.
std::string step_name(ValueId conv) { return "convolution " + std::to_string(conv); }

Result<Session> session_of(Graph network, const IntegerPlan& plan) {
  for (Node& node : network.nodes)
    node.name = std::holds_alternative<Conv>(node.op) ? step_name(node.outputs[0]) : "";
  SHRIKE_TRY(place_integers(network, plan));
  SHRIKE_TRY(run_passes(network, inference_passes()));
  return Session::create(std::move(network), {.threads = 1});
}

Result<std::vector<Tensor>> grey_inputs(const Graph& network) {
  std::vector<Tensor> inputs;
  for (const ValueId id : network.inputs) {
    SHRIKE_ASSIGN(Tensor grey, Tensor::make(DType::kF32, *network.static_shape(id)));
    std::ranges::fill(grey.mutable_data<float>(), 0.5f);
    inputs.push_back(std::move(grey));
  }
  return inputs;
}

// Milliseconds by name: of nodes that a step computes together each one's share of the
// multiply-adds, or as much where there are none.
std::map<std::string, double> times_by_name(const Session& session) {
  std::map<std::string, double> times;
  for (size_t i = 0; i < session.step_ms().size(); ++i) {
    const StepInfo& info = session.plan().steps()[i].info;
    if (info.parts.empty()) times[info.node] += session.step_ms()[i];
    for (const StepPart& part : info.parts)
      times[part.node] +=
          session.step_ms()[i] *
          (info.macs > 0 ? static_cast<double>(part.macs) / static_cast<double>(info.macs)
                         : 1 / static_cast<double>(info.parts.size()));
  }
  return times;
}

NetworkTimes times_of(const Graph& network, const Session& session) {
  std::map<std::string, double> steps = times_by_name(session);
  NetworkTimes times;
  for (const double ms : session.step_ms()) times.all += ms;
  for (const Node& node : network.nodes)
    if (std::holds_alternative<Conv>(node.op))
      times.convs[node.outputs[0]] = steps[step_name(node.outputs[0])];
  return times;
}

}  // namespace

Result<std::vector<NetworkTimes>> measure_times(const Graph& network,
                                                std::span<const IntegerPlan> plans,
                                                const std::function<bool()>& proceed) {
  const Graph maps = up_to_maps(network);
  SHRIKE_ASSIGN(const std::vector<Tensor> inputs, grey_inputs(network));
  std::vector<Session> sessions;
  for (const IntegerPlan& plan : plans) {
    SHRIKE_ASSIGN(Session session, session_of(maps, plan));
    sessions.push_back(std::move(session));
  }
  for (int round = 0; round < kRounds; ++round)
    for (Session& session : sessions) {
      SHRIKE_TRY(go_on(proceed));
      SHRIKE_TRY(session.run_profiled(inputs));
    }
  std::vector<NetworkTimes> times;
  for (const Session& session : sessions) times.push_back(times_of(network, session));
  return times;
}

Result<std::vector<double>> measure_nodes(Graph network, const std::function<bool()>& proceed) {
  SHRIKE_ASSIGN(const std::vector<Tensor> inputs, grey_inputs(network));
  std::map<std::string, size_t> numbers;
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    network.nodes[n].name = "node " + std::to_string(n);
    numbers[network.nodes[n].name] = n;
  }
  std::vector<double> ms(network.nodes.size(), 0);
  SHRIKE_ASSIGN(Session session, Session::create(std::move(network), {.threads = 1}));
  for (int round = 0; round < kRounds; ++round) {
    SHRIKE_TRY(go_on(proceed));
    SHRIKE_TRY(session.run_profiled(inputs));
  }
  for (const auto& [name, time] : times_by_name(session))
    if (const auto at = numbers.find(name); at != numbers.end()) ms[at->second] = time;
  return ms;
}

}  // namespace shrike
