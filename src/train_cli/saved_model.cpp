#include "train_cli/saved_model.h"

#include "formats/onnx_writer.h"
#include "passes/pipeline.h"

namespace shrike {

Result<void> save_trained(Graph network, SavedNorms norms, const std::filesystem::path& path) {
  SHRIKE_TRY(run_passes(network, saving_passes()));
  SHRIKE_TRY(run_passes(network, cleanup_passes()));
  if (norms == SavedNorms::kFolded) SHRIKE_TRY(run_passes(network, folding_passes()));
  return save_onnx(network, path);
}

}  // namespace shrike
