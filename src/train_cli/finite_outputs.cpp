#include "train_cli/finite_outputs.h"

#include <algorithm>
#include <cmath>

#include "detect/family.h"
#include "detect/network.h"
#include "engine/session.h"
#include "vision/decode.h"
#include "vision/letterbox.h"

namespace shrike {

namespace {

constexpr int kPictures = 4;

Result<bool> all_finite(const Session& session) {
  for (size_t i = 0; i < session.plan().outputs().size(); ++i) {
    SHRIKE_ASSIGN(const Tensor output, session.output(i));
    const std::span<const float> values = output.data<float>();
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
      return false;
  }
  return true;
}

}  // namespace

Result<bool> outputs_are_finite(Graph network, const Dataset& dataset) {
  LoadOptions load;
  load.threads = 1;
  SHRIKE_ASSIGN(Network prepared, make_network(std::move(network), load));
  const Preprocess preprocess = family_of(prepared, load.preprocess).preprocess;
  const SessionOptions wanted{.threads = load.threads, .nhwc_ports = true};
  SHRIKE_ASSIGN(Session session, Session::create(std::move(prepared.graph), wanted));
  int shown = 0;
  for (size_t i = 0; i < dataset.samples.size() && shown < kPictures; ++i) {
    const Result<Image> image = read_image(dataset.samples[i].picture);
    if (!image) continue;
    fill_input(*image, preprocess, TensorLayout::kNhwc, session.input_map(0).data);
    SHRIKE_TRY(session.run_maps());
    SHRIKE_ASSIGN(const bool finite, all_finite(session));
    if (!finite) return false;
    ++shown;
  }
  return true;
}

}  // namespace shrike
