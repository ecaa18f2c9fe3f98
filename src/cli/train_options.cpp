#include "cli/train_options.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/detector_options.h"
#include "cli/value_names.h"
#include "quantize/weights.h"
#include "zoo/families.h"

namespace shrike {

namespace {

constexpr int kMost = 1'000'000;
constexpr int kMostProcesses = 1024;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// "--hsv-h" of "hsv_h".
std::string option_name(std::string_view setting) {
  std::string name = "--" + std::string(setting);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

CLI::Option* add_whole(CLI::App& app, const std::string& name, int64_t& value, int least,
                       const std::string& meaning) {
  return app.add_option(name, value, meaning)
      ->capture_default_str()
      ->check(whole_number_in(least, kMost));
}

void add_real(CLI::App& app, const std::string& name, double& value, double most,
              const std::string& meaning) {
  app.add_option(name, value, meaning)->capture_default_str()->check(number_in(0, most));
}

void add_run_options(CLI::App& app, TrainOptions& o) {
  app.add_option("--data", o.data, "The data set, with the splits train and val")
      ->type_name(kFileValue);
  app.add_option("--pictures", o.pictures, "Folder of a COCO file's pictures")
      ->type_name(kFolderValue);
  app.add_option("--holdout", o.holdout,
                 "Share of train, by the names of its pictures, that is not learned from and "
                 "chooses best.onnx in place of val")
      ->capture_default_str()
      ->check(number_in(0, 0.9));
  app.add_option("--out", o.out, "Folder for what the run leaves")->type_name(kFolderValue);
  add_whole(app, "--epochs", o.epochs, 1, "Times that each picture is learned from");
  add_whole(app, "--batch", o.batch, 1, "Pictures of a step");
  add_whole(app, "--patience", o.patience, 0,
            "Epochs without a better score until the run ends early; 0: it does not");
  app.add_option("--seed", o.seed, "Of weights and pictures")
      ->capture_default_str()
      ->check(whole_number_of_64_bits());
  app.add_option("--resume", o.resume,
                 "Go on with the run in this folder, by the options it was started with; --threads, "
                 "--nproc and --json alone may be given anew")
      ->type_name(kFolderValue);
  add_whole(app, "--save-seconds", o.save_seconds, 0, "Seconds from checkpoint to checkpoint");
  add_whole(app, "--cache-mb", o.cache_mb, 0, "Memory for decoded pictures");
  app.add_flag("--tensorboard", o.tensorboard,
               "Write the columns of results.csv as TensorBoard's event files, too");
  app.add_flag("--json", o.json,
               "What the run came to as JSON on standard output, lines of epochs on standard error");
}

void add_machine_options(CLI::App& app, TrainOptions& o) {
  app.add_option("--precision", o.precision,
                 "What convolutions before a batch norm multiply in: bf16 where the processor "
                 "has it, fp16 on a GPU")
      ->type_name("{fp32,bf16,fp16}")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16", "fp16"}));
  app.add_option("--device", o.device,
                 "cpu, or with a LibTorch that has CUDA cuda or cuda:N (not tested)")
      ->type_name("{cpu,cuda,cuda:N}")
      ->capture_default_str();
}

void add_learning_options(CLI::App& app, TrainOptions& o) {
  app.add_option("--optimizer", o.optimiser,
                 "AdamW for runs of up to 10000 updates of --nbs pictures, SGD for longer ones; or "
                 "one of them")
      ->type_name("{auto,SGD,AdamW}")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "SGD", "AdamW"}));
  app.add_option("--lr0", o.rate, "Learning rate (of SGD 0.01, of AdamW 0.01 / (4 + classes))")
      ->check(number_in(0, 10));
  add_real(app, "--lrf", o.final_share, 1, "What is left of the rate at the end, as a share");
  app.add_flag("--cos-lr", o.cosine, "The rate falls along a cosine instead of a line");
  app.add_option("--momentum", o.momentum,
                 "Of SGD (0.937, and 0.9 where --optimizer auto chose it), or AdamW's first one "
                 "(0.9)")
      ->check(number_in(0, 0.9999));
  add_real(app, "--weight-decay", o.weight_decay, 1, "Of weights, not of biases and batch norms");
  add_real(app, "--warmup-epochs", o.warmup_epochs, 1000, "Epochs until the rate is what it is");
  add_whole(app, "--nbs", o.nominal, 1, "Pictures of an update: smaller batches are added up");
  app.add_option("--freeze", o.freeze,
                 "What does not learn: N for the layers model.0 to model.(N-1), or starts of the "
                 "names of weights, with commas")
      ->type_name(kListValue);
  add_real(app, "--cls-pw", o.class_power, 1,
           "Classes weigh by this power of how rare they are; 0: all the same");
  add_real(app, "--clip", o.most_norm, 1e9, "Most length of an update's gradient");
  add_real(app, "--sparsity", o.sparsity, 1000,
           "Weight of the sum of batch norms' scales: those of channels that are not needed go to "
           "zero, for pruning by norms");
  app.add_flag("--keep-zeros", o.keep_zeros,
               "Weights that are zero stay zero: of a model that was pruned with --unstructured");
}

void add_integer_options(CLI::App& app, TrainOptions& o) {
  app.add_option("--qat", o.qat,
                 "Learn in integers, from what quantize makes of the model: what is saved computes "
                 "in them (int8 where none is named)")
      ->type_name("{int8,int16x8}")
      ->expected(0, 1)
      ->default_str("int8")
      ->check(CLI::IsMember({"int8", "int16x8"}));
  app.add_option("--qat-weight-bits", o.qat_weight_bits,
                 "Bits of weights, which are stored as bytes all the same")
      ->capture_default_str()
      ->check(whole_number_in(kLeastWeightBits, kWeightBits));
  add_real(app, "--qat-step-lr", o.qat_step_rate, 1000,
           "Learning rate of the integers' steps, as a share of --lr0");
}

void add_picture_options(CLI::App& app, TrainOptions& o) {
  add_real(app, "--multi-scale", o.multi_scale, 0.9,
           "Batches are larger or smaller by up to this share");
  for (const AugmentSetting& setting : augment_settings())
    add_real(app, option_name(setting.name), o.augment.*setting.value, setting.most,
             std::string(setting.meaning));
  app.add_option("--close-mosaic", o.augment.close_mosaic,
                 "Epochs at the end without mosaic, mixup and cutmix; 0: none")
      ->capture_default_str()
      ->check(whole_number_in(0, kMost));
}

void add_teacher_options(CLI::App& app, TrainOptions& o) {
  app.add_option("--teacher", o.teacher,
                 "A model to learn from beside the labels, of any family: its classes are found by "
                 "name")
      ->type_name(kFileValue);
  add_real(app, "--labels", o.labels, 1000, "Weight of the labels beside a teacher; 0: none");
  add_real(app, "--distill-response", o.distill_response, 1000,
           "Weight of the teacher's scores and boxes");
  add_real(app, "--distill-feature", o.distill_feature, 1000,
           "Weight of the maps that the teacher's head reads, channel by channel");
  add_real(app, "--distill-masked", o.distill_masked, 1000,
           "Weight of the same maps, made from masked ones of the student");
  app.add_option("--temperature", o.temperature,
                 "What scores, distributions and maps are divided by before they are compared")
      ->capture_default_str()
      ->check(number_in(0.01, 100));
  add_whole(app, "--teacher-cache-mb", o.teacher_cache_mb, 0,
            "Disk for what the teacher says of pictures, where augmentation brings the same again");
  app.add_option("--unlabeled", o.unlabeled,
                 "Folder of pictures without labels, which learn from the teacher alone")
      ->type_name(kFolderValue);
}

// What is there for a teacher alone.
Result<void> check_teacher(const CLI::App& app, const TrainOptions& o) {
  if (o.teacher.empty()) {
    for (const char* name : {"--labels", "--distill-response", "--distill-feature",
                             "--distill-masked", "--temperature", "--teacher-cache-mb",
                             "--unlabeled"})
      if (app.count(name) > 0)
        return usage_error(std::string(name) + " is for training with a --teacher");
    return {};
  }
  if (o.dry_run)
    return usage_error("--dry-run does not look at a --teacher: leave out one of them");
  if (o.device != "cpu") return usage_error("with a --teacher a network learns on --device cpu");
  if (o.distill_response == 0 && o.distill_feature == 0 && o.distill_masked == 0)
    return usage_error(
        "with --distill-response 0 and neither --distill-feature nor --distill-masked there is "
        "nothing to learn from the --teacher");
  if (!o.unlabeled.empty() && o.multi_scale > 0)
    return usage_error("--unlabeled wants batches of one size: leave out --multi-scale");
  if (!o.unlabeled.empty() && o.batch < 2)
    return usage_error("--unlabeled wants a --batch of 2 or more: some of it has labels");
  return {};
}

Result<void> check_precision(const TrainOptions& o) {
  if (o.precision == "fp16" && o.device == "cpu")
    return usage_error("--precision fp16 is for --device cuda; a processor has bf16, if any");
  if (o.precision == "bf16" && o.device == "cpu" && !cpu_features().avx512_bf16)
    return usage_error("--precision bf16: this processor (" + cpu_name() +
                       ") does not multiply bfloat16");
  return {};
}

// What learns in integers has no batch norms, and computes in f32 alone.
Result<void> check_qat(const CLI::App& app, const TrainOptions& o) {
  if (o.qat.empty()) {
    for (const char* name : {"--qat-weight-bits", "--qat-step-lr"})
      if (app.count(name) > 0) return usage_error(std::string(name) + " is for training with --qat");
    return {};
  }
  if (!o.scratch.empty())
    return usage_error(
        "--qat goes on with a trained model, by whose values it chooses the integers: --scratch has "
        "none");
  if (o.sparsity > 0)
    return usage_error("--qat folds the batch norms that --sparsity is about: leave out one of them");
  if (o.precision != "fp32")
    return usage_error("--precision " + o.precision + ": with --qat a network learns in fp32");
  if (o.dry_run || !o.taylor.empty())
    return usage_error(std::string(o.dry_run ? "--dry-run" : "--taylor") +
                       " looks at the model in floats: leave out --qat");
  return {};
}

// An empty start would be that of every name.
Result<void> check_freeze(const CLI::App& app, const TrainOptions& o) {
  if (app.count("--freeze") == 0) return {};
  const std::string all = "," + o.freeze + ",";
  if (all.find(",,") == std::string::npos) return {};
  return usage_error("--freeze " + in_quotes(o.freeze) +
                     ": starts of names with a comma between each two, none of them empty, or a "
                     "number of layers");
}

Result<void> check_together(const CLI::App& app, const TrainOptions& o) {
  const bool model = app.count("--model") > 0 || app.count("--weights") > 0;
  if (!o.scratch.empty() && model)
    return usage_error("--scratch takes the place of --model: give one of the two");
  if (!o.resume.empty()) {
    for (const CLI::Option* option : app.get_options())
      if (option->count() > 0 && !option->check_lname("resume") &&
          !option->check_lname("threads") && !option->check_lname("nproc") &&
          !option->check_lname("json"))
        return usage_error("--resume takes its options from the run: leave out " +
                           option->get_name());
    return {};
  }
  SHRIKE_TRY(check_teacher(app, o));
  SHRIKE_TRY(check_freeze(app, o));
  SHRIKE_TRY(check_qat(app, o));
  if (!o.taylor.empty() && !o.dry_run)
    return o.data.empty() ? usage_error("--taylor needs a data set: --data data.yaml")
                          : Result<void>();
  SHRIKE_TRY(check_precision(o));
  if (o.dry_run) return {};
  if (o.data.empty())
    return usage_error(
        "train needs a data set and a folder: shrike train --data data.yaml --out DIR");
  if (o.out.empty()) return usage_error("train needs a folder for what it makes: --out DIR");
  return {};
}

// What learns in integers begins where training ended: gently, with pictures as they are, and with an
// update a batch, as runs are short.
void set_integer_defaults(const CLI::App& app, TrainOptions& o) {
  if (app.count("--nbs") == 0) o.nominal = o.batch;
  if (app.count("--warmup-epochs") == 0) o.warmup_epochs = 1;
  if (app.count("--mosaic") == 0) o.augment.mosaic = 0;
}

Result<Arguments> parse(CLI::App& app, const std::string& command, const Words& words,
                        TrainOptions& options) {
  add_model_options(app, options.model);
  app.add_option(
      "--scratch", options.scratch,
      "Random weights in place of a model: " + listed(zoo::family_names()) +
          ", a Darknet .cfg, or an ONNX file, of which only the architecture is taken");
  add_run_options(app, options);
  add_size_option(app, options.size);
  add_threads_option(app, options.threads);
  app.add_option("--nproc", options.processes,
                 "Processes on this host that train together, each with --threads, or its share of "
                 "the cores; the exit code is that of the first to fail, 137 where it was killed")
      ->capture_default_str()
      ->check(whole_number_in(1, kMostProcesses));
  add_machine_options(app, options);
  add_learning_options(app, options);
  add_integer_options(app, options);
  add_picture_options(app, options);
  add_teacher_options(app, options);
  app.add_option("--taylor", options.taylor,
                 "Write into this file what each layer's filters are worth to the loss, told by "
                 "pictures of train (first-order Taylor importance, JSON), and end")
      ->type_name(kFileValue);
  app.add_flag("--dry-run", options.dry_run,
               "Build the network that would be trained, compare it with the engine's on made-up "
               "pixels, look at --data, --out and --freeze where they are given, and end");
  SHRIKE_ASSIGN(Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return arguments;
  if (!arguments.words.empty())
    return usage_error(command + " takes options, not the word " + arguments.words.front());
  SHRIKE_TRY(check_together(app, options));
  if (!options.qat.empty()) set_integer_defaults(app, options);
  return arguments;
}

}  // namespace

Result<Arguments> parse_train_options(const Words& words, TrainOptions& options) {
  CLI::App app(
      "Trains a detector from nothing, or goes on with any model that can be read. What it leaves "
      "lies in one folder: best.onnx, last.onnx, results.csv.",
      "shrike train");
  return parse(app, "train", words, options);
}

Result<Arguments> parse_distill_options(const Words& words, TrainOptions& options) {
  CLI::App app(
      "Trains a detector that learns from another one, its teacher, beside the labels: 'train' "
      "with --teacher.",
      "shrike distill");
  SHRIKE_ASSIGN(Arguments arguments, parse(app, "distill", words, options));
  if (!arguments.help && options.teacher.empty() && options.resume.empty())
    return usage_error("distill needs a model to learn from: --teacher MODEL");
  return arguments;
}

}  // namespace shrike
