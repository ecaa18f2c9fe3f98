#include "zoo/scratch.h"

#include <algorithm>

#include "base/excerpt.h"
#include "base/file_name.h"
#include "formats/darknet_reader.h"
#include "zoo/change_classes.h"
#include "zoo/families.h"
#include "zoo/initialise.h"

namespace shrike::zoo {

namespace {

constexpr std::array<int64_t, 2> kDefaultSize = {640, 640};

Result<Graph> cfg_graph(const std::string& name, const ScratchOptions& options) {
  SHRIKE_ASSIGN(Graph graph, read_darknet_cfg(name));
  const Shape& input = *graph.value(graph.inputs[0]).shape;
  if (options.size && *options.size != std::array{input[2], input[3]})
    return usage_error(
        name + " says itself how large its input is, " + std::to_string(input[2]) + "x" +
        std::to_string(input[3]) + " (height and width of its [net] section), not " +
        std::to_string((*options.size)[0]) + "x" + std::to_string((*options.size)[1]) +
        ": leave out --imgsz, or change these two lines in a copy of the file");
  SHRIKE_TRY(change_classes(graph, options.classes, options.seed));
  return graph;
}

Result<Graph> built_in(const std::string& name, const ScratchOptions& options) {
  const std::vector<std::string> names = family_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    std::string known;
    for (const std::string& family : names) known += (known.empty() ? "" : ", ") + family;
    return usage_error("there is no built-in model " + in_quotes(name) + "; there are " + known +
                       ", and Darknet's .cfg files");
  }
  const std::array<int64_t, 2> size = options.size.value_or(kDefaultSize);
  return family_graph(name, options.classes, size[0], size[1]);
}

}  // namespace

Result<Graph> scratch_model(const std::string& name, const ScratchOptions& options) {
  Result<Graph> graph =
      lower_ending(name) == ".cfg" ? cfg_graph(name, options) : built_in(name, options);
  if (graph) initialise(*graph, options.seed);
  return graph;
}

}  // namespace shrike::zoo
