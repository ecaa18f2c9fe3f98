// The report of a run's best model: what `shrike val --report` writes.
#pragma once

#include "base/result.h"
#include "train_cli/run_data.h"
#include "train_cli/run_folder.h"

namespace shrike {

// Judges folder.best() on the val split and writes folder.report(). Errors: those of read_onnx(),
// judge() and write_report(); kRuntime where an interrupt ended it.
Result<void> write_final_report(const RunFolder& folder, const RunData& data, int threads);

}  // namespace shrike
