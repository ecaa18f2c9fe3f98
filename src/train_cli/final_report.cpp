#include "train_cli/final_report.h"

#include "cli/interrupt.h"
#include "cli/network.h"
#include "cli/validation_report.h"
#include "formats/onnx_reader.h"
#include "train_cli/judge.h"

namespace shrike {

Result<void> write_final_report(const RunFolder& folder, const RunData& data, int threads) {
  SHRIKE_ASSIGN(Graph best, read_onnx(folder.best()));
  SHRIKE_ASSIGN(const std::string network, describe_head(best));
  SHRIKE_ASSIGN(const Validation validation, judge(std::move(best), data.val, threads, true));
  const ValidationOptions options;
  const SummaryIntervals intervals =
      bootstrap(validation.matches, static_cast<int>(data.val.names.size()),
                bootstrap_options(options, threads));
  if (interrupted() != 0) return runtime_error("interrupted");
  const ValidationRun run{data.val, options, threads};
  return write_report(folder.report(),
                      validation_report(run, validation,
                                        report_model(folder.best().filename().string(), validation,
                                                     intervals),
                                        network));
}

}  // namespace shrike
