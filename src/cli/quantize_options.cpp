#include "cli/quantize_options.h"

#include "base/file_name.h"
#include "calibrate/calibration.h"
#include "cli/arguments.h"
#include "cli/detector_options.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "quantize/weights.h"

namespace shrike {

namespace {

struct Choice {
  QuantizeTarget value;
  std::string_view name;
};
constexpr Choice kTargets[] = {{QuantizeTarget::kInt8, "int8"},
                               {QuantizeTarget::kInt16, "int16"},
                               {QuantizeTarget::kInt16x8, "int16x8"},
                               {QuantizeTarget::kFp16, "fp16"},
                               {QuantizeTarget::kMixed, "mixed"}};
// Of `mixed`, where nobody says.
constexpr double kMaxDrop = 0.3;
// Of calibration, which fp16 does without.
constexpr const char* kOfCalibration[] = {"--calib", "--calib-split", "--without"};

void add_options(CLI::App& app, QuantizeCommand& o) {
  add_model_options(app, o.model);
  add_size_option(app, o.size);
  add_threads_option(app, o.threads);
  app.add_option("--names", o.names_file, "File with the names of the classes, one a line")
      ->type_name(kFileValue);
  app.add_option("-o,--output", o.out, "The file to write, .onnx")->type_name(kFileValue);
  app.add_option("--to", o.to, "What layers compute in")
      ->type_name(choice_value(kTargets))
      ->capture_default_str();
  app.add_option("--weight-bits", o.weight_bits,
                 "Bits of weights, of int8 and int16x8, which are stored as bytes all the same")
      ->capture_default_str()
      ->check(whole_number_in(kLeastWeightBits, kWeightBits));
  app.add_option("--calib", o.calibration.most, "Pictures to calibrate by, at most")
      ->capture_default_str()
      ->check(whole_number_in(1, 100000));
  app.add_option("--calib-split", o.calibration.name,
                 "The part of the data set they come from (train; where there is none, or it has "
                 "pictures of --split, the set is halved)")
      ->type_name(kSplitValue);
  app.add_option(
         "--max-drop", o.max_drop,
         "AP points (0.50:0.95) that may be lost; nothing is written when it is more (mixed: "
         "0.3)")
      ->check(number_in(0, 100));
  app.add_option("--without", o.without, "Passes of the calibration to leave out, with commas")
      ->type_name(kListValue);
  app.add_option("--times", o.times,
                 "Of mixed: the report (--json) of the machine the model is for, where that is not "
                 "this one")
      ->type_name(kFileValue);
  app.add_flag("--json", o.json, "The report as JSON");
  add_validation_options(app, o.validation);
  CLI::Option* data = app.get_option("--data");
  data->description(data->get_description() + ", or a folder of pictures without labels");
}

// The passes of --without. Errors are of kUsage.
Result<std::vector<std::string>> parse_passes(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : split_list(text)) {
    std::string known;
    bool found = false;
    for (const CalibrationPass& pass : calibration_passes()) {
      if (pass.needed) continue;
      known += (known.empty() ? "" : ", ") + std::string(pass.name);
      found = found || pass.name == name;
    }
    if (!found) return usage_error("--without " + name + ": not one of " + known);
    names.push_back(name);
  }
  return names;
}

Result<void> check_given(const CLI::App& app, const QuantizeCommand& o) {
  if (!o.times.empty() && o.target != QuantizeTarget::kMixed)
    return usage_error("--times is of --to mixed alone");
  if (o.weight_bits < kWeightBits && o.target != QuantizeTarget::kInt8 &&
      o.target != QuantizeTarget::kInt16x8)
    return usage_error("--weight-bits is of --to int8 and int16x8, whose weights are bytes");
  if (o.target == QuantizeTarget::kFp16)
    for (const char* option : kOfCalibration)
      if (app.count(option) > 0)
        return usage_error(std::string(option) + " is about calibration: --to fp16 does without");
  return {};
}

}  // namespace

Result<std::optional<QuantizeCommand>> parse_quantize_options(const Words& words) {
  QuantizeCommand o;
  CLI::App app(
      "Writes a model that computes in integers, as ONNX with QuantizeLinear and DequantizeLinear, "
      "or with weights of 16 bits, and measures what that costs.",
      "shrike quantize");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return std::optional<QuantizeCommand>();
  if (!arguments.words.empty())
    return usage_error("quantize takes --model, --data and -o, not the word " +
                       arguments.words.front());
  if (o.validation.data.empty() || o.out.empty())
    return usage_error(
        "quantize needs a data set or a folder of pictures, and a file to write: shrike quantize "
        "--model NAME --data data.yaml -o OUT.onnx");
  if (lower_ending(o.out) != ".onnx")
    return usage_error("quantize writes ONNX: " + o.out + " does not end in .onnx");
  SHRIKE_ASSIGN(o.target, parse_choice("--to", o.to, kTargets));
  SHRIKE_TRY(check_given(app, o));
  SHRIKE_ASSIGN(o.skip, parse_passes(o.without));
  if (o.target == QuantizeTarget::kMixed && o.max_drop < 0) o.max_drop = kMaxDrop;
  if (o.target == QuantizeTarget::kFp16) o.calibration.most = 0;
  o.calibration.labels_count = o.target == QuantizeTarget::kMixed;
  return std::optional<QuantizeCommand>(std::move(o));
}

}  // namespace shrike
