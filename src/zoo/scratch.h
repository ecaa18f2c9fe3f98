// Networks with random weights, by name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike::zoo {

struct ScratchOptions {
  int64_t classes = 80;
  // Height and width. Absent: 640x640, of a .cfg its own.
  std::optional<std::array<int64_t, 2>> size = {};
  uint64_t seed = 0;
};

// A built-in family (families.h), or a Darknet .cfg, whose .weights are not looked for and whose
// number of classes gives way to the options'. Ready to be trained: initialised, one lifted head.
// Errors: kUsage for an unknown name, with the names there are; those of family_graph() and
// read_darknet_cfg(); kUsage for a .cfg at a size it does not have.
Result<Graph> scratch_model(const std::string& name, const ScratchOptions& options);

}  // namespace shrike::zoo
