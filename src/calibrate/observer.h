// A network that is shown pictures, and whose outputs are looked at: what calibration measures.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/session.h"
#include "ir/graph.h"
#include "vision/image.h"
#include "vision/letterbox.h"

namespace shrike {

class Observer {
 public:
  // `network`'s one input is a picture as `preprocess` makes it; its outputs have static shapes.
  static Result<Observer> create(Graph network, const Preprocess& preprocess, int threads);

  // The outputs, in the network's order and layout, (N, C, H, W).
  Result<std::vector<Tensor>> look(const Image& picture);

 private:
  Observer(Session session, const Preprocess& preprocess)
      : session_(std::move(session)), preprocess_(preprocess) {}

  Session session_;
  Preprocess preprocess_;
};

// An error (kRuntime) once `proceed`, where there is one, says false.
Result<void> go_on(const std::function<bool()>& proceed);

// Called with the outputs that one picture gives, in the pictures' order.
using Look = std::function<Result<void>(size_t picture, std::span<const Tensor> outputs)>;

// Shows all pictures, one after the other; only one is in memory at a time. `proceed` is
// asked before each. Errors: go_on()'s; kInput names a picture that cannot be read.
Result<void> show(Observer& observer, std::span<const std::filesystem::path> pictures,
                  const std::function<bool()>& proceed, const Look& look);

}  // namespace shrike
