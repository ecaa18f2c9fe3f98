// The network of a run as a part of its checkpoints, so that it goes on without the file that it
// began with, and with what that file lacks: batch norms that were put back, the one-to-many head.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/json.h"
#include "formats/safetensors.h"
#include "passes/training_graph.h"

namespace shrike {

class NetworkState {
 public:
  // `trained`: the trainer's tensors (train/trainer.h), whose weights need not be kept twice.
  NetworkState(const TrainingGraph& training, const std::vector<NamedTensor>& trained);

  // {"text", "detached", "sha256"}: the graph in its text form (ir/text.h) with constants as inputs,
  // all of them, so that they keep their order, in which files are written; names of the values
  // where gradients end; fingerprint().
  const Json& json() const { return json_; }
  // The constants that the trainer has not: "network/NAME".
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  // Of the network but for its numbers: SHA-256 of the text.
  std::string fingerprint() const { return json_["sha256"].get<std::string>(); }

 private:
  Json json_;
  std::vector<NamedTensor> tensors_;
};

// The same network again, node by node; its weights are those of `tensors`. Errors (kModel) name
// `source`: no network, or one that the tensors do not belong to.
Result<TrainingGraph> network_from(const Json& json, const std::vector<NamedTensor>& tensors,
                                   const std::string& source);

}  // namespace shrike
