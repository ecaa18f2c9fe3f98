#include "train_cli/options_json.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/excerpt.h"
#include "base/file_name.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Calls visit(name, field) for each option of a run.
template <typename Options, typename Visit>
void for_each_option(Options& o, const Visit& visit) {
  visit("model", o.model.model);
  visit("weights", o.model.weights);
  visit("scratch", o.scratch);
  visit("data", o.data);
  visit("pictures", o.pictures);
  visit("holdout", o.holdout);
  visit("imgsz", o.size);
  visit("epochs", o.epochs);
  visit("batch", o.batch);
  visit("nbs", o.nominal);
  visit("patience", o.patience);
  visit("seed", o.seed);
  visit("threads", o.threads);
  visit("optimizer", o.optimiser);
  visit("lr0", o.rate);
  visit("lrf", o.final_share);
  visit("cos-lr", o.cosine);
  visit("momentum", o.momentum);
  visit("weight-decay", o.weight_decay);
  visit("warmup-epochs", o.warmup_epochs);
  visit("freeze", o.freeze);
  visit("cls-pw", o.class_power);
  visit("clip", o.most_norm);
  visit("sparsity", o.sparsity);
  visit("keep-zeros", o.keep_zeros);
  visit("qat", o.qat);
  visit("qat-weight-bits", o.qat_weight_bits);
  visit("qat-step-lr", o.qat_step_rate);
  visit("multi-scale", o.multi_scale);
  for (const AugmentSetting& setting : augment_settings())
    visit(std::string(setting.name), o.augment.*setting.value);
  visit("close-mosaic", o.augment.close_mosaic);
  visit("cache-mb", o.cache_mb);
  visit("save-seconds", o.save_seconds);
  visit("teacher", o.teacher);
  visit("labels", o.labels);
  visit("distill-response", o.distill_response);
  visit("distill-feature", o.distill_feature);
  visit("distill-masked", o.distill_masked);
  visit("temperature", o.temperature);
  visit("teacher-cache-mb", o.teacher_cache_mb);
  visit("unlabeled", o.unlabeled);
  visit("precision", o.precision);
  visit("device", o.device);
  visit("tensorboard", o.tensorboard);
}

constexpr const char* kMayChange[] = {"data",    "pictures", "unlabeled",    "teacher",
                                      "epochs",  "patience", "threads",      "cache-mb",
                                      "device",  "save-seconds", "tensorboard", "teacher-cache-mb"};

// "lr0 (began with 0.01, now 0.1)" of each option that is another; those in "chosen" as "chosen.lr0".
void add_changes(const Json& began, const Json& now, const std::string& group,
                 std::vector<std::string>& changes) {
  Json names = began;
  names.update(now);
  for (const auto& [name, unused] : names.items()) {
    const auto value = [&](const Json& all) { return all.contains(name) ? all[name] : Json(); };
    const Json before = value(began), after = value(now);
    if (before == after) continue;
    if (before.is_object() && after.is_object()) {
      add_changes(before, after, name + ".", changes);
    } else if (!group.empty() || std::find(std::begin(kMayChange), std::end(kMayChange), name) ==
                                     std::end(kMayChange)) {
      changes.push_back(excerpt(group + name) + " (began with " + excerpt(dump_json(before)) +
                        ", now " + excerpt(dump_json(after)) + ")");
    }
  }
}

std::string absolute(const std::string& path) {
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) return path;
  const fs::path whole = fs::absolute(path, error);
  return error ? path : whole.string();
}

template <typename T>
Json json_of(const T& value) {
  return value;
}
Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

template <typename T>
void read(const Json& json, T& value) {
  value = json.get<T>();
}
void read(const Json& json, std::optional<double>& value) {
  if (!json.is_null()) value = json.get<double>();
}

// What a command line would have said: options of their defaults left out, as some may not be given
// with or without others.
Words words_of(const Json& json) {
  Words words;
  const TrainOptions usual;
  for_each_option(usual, [&](const std::string& name, const auto& value) {
    const Json& given = json[name];
    const bool no_model = (name == "model" || name == "weights") && given == "";
    if (given == json_of(value) || given.is_null() || no_model) return;
    words.push_back("--" + name + "=" +
                    (given.is_string() ? given.get<std::string>() : dump_json(given)));
  });
  words.push_back("--out=DIR");  // which is not among them: it may have been moved
  return words;
}

}  // namespace

Json to_json(const TrainOptions& options) {
  TrainOptions anywhere = options;
  // A family's name stays one, whatever lies in this folder.
  if (const std::string ending = lower_ending(anywhere.scratch); ending == ".cfg" || ending == ".onnx")
    anywhere.scratch = absolute(anywhere.scratch);
  for (std::string* path : {&anywhere.model.model, &anywhere.model.weights, &anywhere.data, &anywhere.pictures, &anywhere.teacher,
                            &anywhere.unlabeled})
    *path = absolute(*path);
  if (!options.scratch.empty()) anywhere.model = {};
  return as_given(anywhere);
}

Json as_given(const TrainOptions& options) {
  Json json = Json::object();
  for_each_option(options,
                  [&](const std::string& name, const auto& value) { json[name] = json_of(value); });
  return json;
}

Result<TrainOptions> train_options_from(const Json& json, const std::string& source) {
  TrainOptions options;
  std::string wrong;
  for_each_option(options, [&](const std::string& name, auto& value) {
    const auto found = json.find(name);
    try {
      if (found == json.end())
        wrong = name;
      else
        read(*found, value);
    } catch (const Json::exception&) {
      wrong = name;
    }
  });
  if (!wrong.empty())
    return input_error(source + ": no good value for the option " + in_quotes(wrong));
  TrainOptions again;  // the numbers that were read are those that were written, to the last bit
  const Result<Arguments> checked = parse_train_options(words_of(json), again);
  if (!checked) return input_error(source + ": " + checked.error().message);
  return options;
}

Result<void> check_same_options(const Json& began, const Json& now, const std::string& source) {
  std::vector<std::string> changes;
  if (began.is_object() && now.is_object()) add_changes(began, now, "", changes);
  if (changes.empty()) return {};
  std::string text;
  for (const std::string& change : changes) text += (text.empty() ? "" : ", ") + change;
  std::string free;
  for (const char* name : kMayChange) free += (free.empty() ? "" : ", ") + std::string(name);
  return input_error(source + ": not the options that the run began with: " + text +
                     "; put them back, or begin another run (only these may change: " + free + ")");
}

}  // namespace shrike
