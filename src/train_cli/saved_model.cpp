#include "train_cli/saved_model.h"

#include "formats/onnx_writer.h"
#include "passes/pipeline.h"

namespace shrike {

Result<std::string> trained_file(Graph network, SavedNorms norms) {
  SHRIKE_TRY(run_passes(network, saving_passes()));
  SHRIKE_TRY(run_passes(network, cleanup_passes()));
  if (norms == SavedNorms::kFolded) SHRIKE_TRY(run_passes(network, folding_passes()));
  return write_onnx(network);
}

}  // namespace shrike
