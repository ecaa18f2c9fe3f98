#include "train_cli/saved_model.h"

#include "formats/onnx_writer.h"
#include "passes/pipeline.h"
#include "quantize/network.h"
#include "quantize/place.h"

namespace shrike {

Result<std::string> trained_file(Graph network, SavedNorms norms) {
  SHRIKE_TRY(run_passes(network, saving_passes()));
  SHRIKE_TRY(run_passes(network, cleanup_passes()));
  if (norms == SavedNorms::kFolded) SHRIKE_TRY(run_passes(network, folding_passes()));
  OnnxWriteOptions options;
  if (holds_integers(network)) options.opset = opset_for(network);
  return write_onnx(network, options);
}

}  // namespace shrike
