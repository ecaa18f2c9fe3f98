#include "detect/detector.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "detect/candidates.h"
#include "detect/family.h"
#include "detect/names.h"
#include "detect/network.h"
#include "engine/session.h"
#include "ir/finite_weights.h"
#include "passes/read_bytes.h"
#include "vision/letterbox.h"
#include "vision/nms.h"

namespace shrike {

namespace {

class Stopwatch {
 public:
  // Milliseconds since construction or the last lap.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::milli> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::string describe(const Network& network, const Family& family) {
  std::string text;
  if (network.head) {
    text = std::string(enum_name(network.head->kind)) + " head, " +
           std::to_string(network.head->scales()) + " scales";
    if (network.head->max_det > 0) text += ", end to end";
    if (family.agnostic) text += ", NMS across classes as in the file";
  } else {
    text = "decoded output (" + network.why_not_lifted + ")";
  }
  constexpr const char* kFits[] = {"letterbox", "darknet letterbox", "top-left", "stretch"};
  return text + ", " + std::to_string(network.classes) + " classes, " +
         std::to_string(network.height) + "x" + std::to_string(network.width) + ", " +
         kFits[static_cast<int>(family.preprocess.fit)];
}

// Whether bytes can say all that the network's input holds: Darknet's padding lies between two.
bool fits_bytes(const Preprocess& preprocess) {
  return preprocess.fit == Fit::kStretch || preprocess.fill == std::floor(preprocess.fill);
}

}  // namespace

struct Detector::State {
  Session session;
  CandidateSource source;
  Family family;
  ClassNames names;
  std::array<int, 2> size;
  std::string description;
  int64_t macs;
  bool bytes;  // the network takes the picture as it is, undivided
};

Detector::Detector(std::unique_ptr<State> state) : state_(std::move(state)) {}
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;
Detector::~Detector() = default;

Result<Detector> Detector::create(Graph graph, const std::string& source,
                                  const LoadOptions& options) {
  if (const auto finite = check_finite_weights(graph); !finite)
    return in_context(source, finite.error());
  Result<Network> network = make_network(std::move(graph), options);
  if (!network) return in_context(source, network.error());
  Result<ClassNames> names = class_names(network->graph, network->classes, options.names);
  if (!names) return in_context(source, names.error());
  const Family family = family_of(*network, options.preprocess);
  SessionOptions wanted{.threads = options.threads,
                        .nhwc_ports = true,
                        .inputs_used_up = true,
                        .memory = options.memory};
  wanted.precision = options.precision;
  bool bytes = false;
  if (fits_bytes(family.preprocess)) {
    const Result<bool> read = read_bytes(network->graph, family.preprocess.divisor);
    if (!read) return in_context(source, read.error());
    bytes = *read;
  }
  if (options.kernel_choice) {
    Result<ChooseConv> choice = options.kernel_choice(network->graph);
    if (!choice) return in_context(source, choice.error());
    wanted.choose_conv = *std::move(choice);
  }
  Result<Session> session = Session::create(std::move(network->graph), wanted);
  if (!session) return in_context(source, session.error());
  return Detector(std::make_unique<State>(
      State{*std::move(session),
            {network->head, network->layout, network->height, network->width},
            family,
            *std::move(names),
            {network->height, network->width},
            describe(*network, family),
            network->macs,
            bytes}));
}

Result<Detector> Detector::another(const Detector& first) {
  const State& state = *first.state_;
  SHRIKE_ASSIGN(Session session, Session::another(state.session));
  return Detector(
      std::make_unique<State>(State{std::move(session), state.source, state.family, state.names,
                                    state.size, state.description, state.macs, state.bytes}));
}

Result<Detections> Detector::detect(const Image& image, const DetectOptions& options) {
  Detections result;
  Stopwatch watch;
  const Preprocess& preprocess = state_->family.preprocess;
  Session& session = state_->session;
  const Placement placement =
      state_->bytes ? fill_input_bytes(image, preprocess, session.input_bytes(0).data)
                    : fill_input(image, preprocess, TensorLayout::kNhwc, session.input_map(0).data);
  result.timing.preprocess_ms = watch.lap();

  SHRIKE_TRY(state_->session.run_maps());
  result.timing.inference_ms = watch.lap();

  const CandidateOptions wanted{options.conf, options.multi_label || state_->family.multi_label};
  SHRIKE_ASSIGN(result.boxes, candidates(state_->source, state_->session, wanted));
  if (!options.classes.empty())
    std::erase_if(result.boxes, [&](const Detection& d) {
      return std::find(options.classes.begin(), options.classes.end(), d.class_id) ==
             options.classes.end();
    });
  if (state_->family.end_to_end) {
    keep_most_confident(result.boxes, options.max_det);
  } else {
    result.boxes = non_max_suppression(std::move(result.boxes),
                                       {.iou = options.iou.value_or(state_->family.iou),
                                        .agnostic = options.agnostic || state_->family.agnostic,
                                        .max_detections = options.max_det});
  }
  for (Detection& d : result.boxes) d.box = placement.to_picture(d.box);
  result.timing.postprocess_ms = watch.lap();
  if (options.check_finite) {
    SHRIKE_ASSIGN(result.finite, outputs_are_finite(state_->session));
  }
  return result;
}

const std::vector<std::string>& Detector::names() const { return state_->names.names; }
bool Detector::names_known() const { return state_->names.known; }
std::array<int, 2> Detector::input_size() const { return state_->size; }
int Detector::threads() const { return state_->session.threads(); }
int64_t Detector::macs() const { return state_->macs; }
const std::string& Detector::description() const { return state_->description; }

}  // namespace shrike
