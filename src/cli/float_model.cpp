#include "cli/float_model.h"

#include <optional>

#include "cli/detector_options.h"
#include "cli/model_names.h"
#include "cli/network.h"
#include "cli/overwriting.h"
#include "cli/terminal.h"
#include "cli/values.h"
#include "detect/family.h"
#include "formats/names_literal.h"
#include "quantize/network.h"

namespace shrike {

Result<FloatModel> load_float_model(const FloatModelOptions& o) {
  SHRIKE_ASSIGN(FoundModel found, find_model_files(o.model));
  SHRIKE_ASSIGN(LoadedModel loaded, load_found_model(std::move(found)));
  SHRIKE_TRY(check_not_input(o.output, loaded.files));
  FloatModel model;
  model.source = loaded.source;
  model.bytes = loaded.bytes;
  if (!o.names_file.empty()) {
    SHRIKE_ASSIGN(loaded.names, read_names_file(o.names_file));
  }
  std::optional<std::array<int, 2>> size;
  if (!o.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(o.size));
  }
  const std::string note = size ? "" : fixed_size_note(loaded.graph, model.source);
  SHRIKE_ASSIGN(model.graph, at_size(std::move(loaded.graph), size, model.source));
  Result<Graph> network = network_to_quantize(model.graph);
  if (!network) return in_context(model.source, network.error());
  model.network = *std::move(network);
  const bool named = model.network.metadata.contains("names");
  if (!named || !o.names_file.empty()) SHRIKE_TRY(add_names(model.network, loaded.names));
  model.graph.metadata["names"] = model.network.metadata["names"];
  const Result<Network> detector = make_network(model.graph, {});
  if (!detector) return in_context(model.source, detector.error());
  model.preprocess = family_of(*detector, PreprocessChoice::kAuto).preprocess;
  SHRIKE_ASSIGN(model.names, parse_names(model.network.metadata["names"]));
  if (!note.empty()) say(note);
  return model;
}

}  // namespace shrike
