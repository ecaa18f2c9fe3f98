#include "cli/taylor_scores.h"

#include <sstream>

#include "base/excerpt.h"
#include "base/file.h"
#include "cli/training_program.h"
#include "formats/json.h"
#include "formats/onnx_writer.h"
#include "quantize/network.h"
#include "quantize/place.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

Result<FilterScores> read_scores(const fs::path& path) {
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kRuntime));
  SHRIKE_ASSIGN(const Json json, parse_json(text, path.string(), ErrorKind::kRuntime));
  FilterScores scores;
  try {
    for (const auto& [name, values] : json.at("layers").items())
      scores[name] = values.get<std::vector<double>>();
  } catch (const Json::exception&) {
    return runtime_error(shown_path(path) + ": no numbers of layers");
  }
  return scores;
}

}  // namespace

Result<FilterScores> taylor_scores(const FloatModel& model, const TaylorOptions& o,
                                   const fs::path& folder) {
  const fs::path network = folder / kTaylorNetwork, scores = folder / kTaylorNumbers;
  SHRIKE_ASSIGN(const Graph saved, network_to_save(model.network));
  SHRIKE_TRY(save_onnx(saved, network, {.opset = opset_for(saved)}));
  std::vector<std::string> words{"--model", network.string(),       "--data",   o.data,
                                 "--seed",  std::to_string(o.seed), "--taylor", scores.string()};
  if (!o.pictures.empty()) words.insert(words.end(), {"--pictures", o.pictures});
  if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
  if (o.holdout > 0) {
    std::ostringstream share;
    share << o.holdout;
    words.insert(words.end(), {"--holdout", share.str()});
  }
  SHRIKE_TRY(run_training(std::move(words)));
  return read_scores(scores);
}

}  // namespace shrike
