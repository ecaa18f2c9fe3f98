#include "calibrate/observer.h"

#include <new>

#include "vision/decode.h"

namespace shrike {

Result<Observer> Observer::create(Graph network, const Preprocess& preprocess, int threads) {
  SHRIKE_ASSIGN(Session session,
                Session::create(std::move(network), {.threads = threads, .nhwc_ports = true}));
  return Observer(std::move(session), preprocess);
}

Result<std::vector<Tensor>> Observer::look(const Image& picture) {
  fill_input(picture, preprocess_, TensorLayout::kNhwc, session_.input_map(0).data);
  SHRIKE_TRY(session_.run_maps());
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < session_.plan().outputs().size(); ++i) {
    SHRIKE_ASSIGN(Tensor output, session_.output(i));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Result<void> go_on(const std::function<bool()>& proceed) {
  return proceed && !proceed() ? Result<void>(runtime_error("ended early")) : Result<void>();
}

Result<void> show(Observer& observer, std::span<const std::filesystem::path> pictures,
                  const std::function<bool()>& proceed, const Look& look) {
  for (size_t i = 0; i < pictures.size(); ++i) {
    SHRIKE_TRY(go_on(proceed));
    try {
      SHRIKE_ASSIGN(const Image picture, read_image(pictures[i]));
      SHRIKE_ASSIGN(const std::vector<Tensor> outputs, observer.look(picture));
      SHRIKE_TRY(look(i, outputs));
    } catch (const std::bad_alloc&) {
      return runtime_error("not enough memory for " + pictures[i].string());
    }
  }
  return {};
}

}  // namespace shrike
