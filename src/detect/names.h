// Class names, as a detector shows them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

struct ClassNames {
  std::vector<std::string> names;  // one a class
  bool known = false;              // by the model or the caller; else COCO's or numbers stand in
};

// `given` if not empty, else the graph's metadata key `names`, else COCO's for 80 classes, else
// "class 0", "class 1", ... (vision/class_name.h). Errors: kInput when `given` has another count
// than the model has classes.
Result<ClassNames> class_names(const Graph& graph, int64_t classes,
                               const std::vector<std::string>& given);

}  // namespace shrike
