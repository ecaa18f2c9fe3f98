#include "cli/detector_options.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/arguments.h"
#include "cli/memory_limit.h"
#include "cli/overwriting.h"
#include "cli/pixels_option.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "formats/names_literal.h"

namespace shrike {

namespace {

template <typename Value>
struct Choice {
  Value value;
  std::string_view name;
};

constexpr Choice<OutputLayout> kLayouts[] = {{OutputLayout::kAuto, "auto"},
                                             {OutputLayout::kV8, "v8"},
                                             {OutputLayout::kV5, "v5"},
                                             {OutputLayout::kYolox, "yolox"},
                                             {OutputLayout::kEndToEnd, "end-to-end"}};

constexpr Choice<PreprocessChoice> kPreprocesses[] = {
    {PreprocessChoice::kAuto, "auto"},
    {PreprocessChoice::kLetterbox, "letterbox"},
    {PreprocessChoice::kStretch, "stretch"},
    {PreprocessChoice::kDarknetLetterbox, "darknet-letterbox"},
    {PreprocessChoice::kYolox, "yolox"}};

}  // namespace

void add_size_option(CLI::App& app, std::string& size) {
  app.add_option("--imgsz", size,
                 "Size of the network's input: a side, or height and width as 480,640 (the "
                 "model's own when absent)")
      ->type_name(kSizeValue);
}

void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads of the network; 0: every core")
      ->capture_default_str()
      ->check(whole_number_in(0, kMaxThreads));
}

void add_streams_option(CLI::App& app, int& streams) {
  app.add_option("--streams", streams,
                 "Look at this many pictures at once, with shared weights; --threads is of each")
      ->capture_default_str()
      ->check(whole_number_in(1, kMaxThreads));
}

int threads_a_stream(int threads, int streams) {
  return threads > 0 || streams <= 1 ? threads : std::max(1, usable_cores() / streams);
}

void add_detector_options(CLI::App& app, DetectorOptions& options) {
  add_model_options(app, options.model);
  add_size_option(app, options.size);
  add_threads_option(app, options.threads);
  add_memory_limit_option(app, options.memory_limit);
  add_pixels_option(app);
  add_tune_option(app, options.tune);
  add_precision_option(app, options.precision);
  app.add_option("--names", options.names_file, "File with the names of the classes, one a line")
      ->type_name(kFileValue);
  app.add_option("--layout", options.layout,
                 "What the model's output means, where that is not recognised")
      ->type_name(choice_value(kLayouts))
      ->capture_default_str();
  app.add_option("--preprocess", options.preprocess,
                 "How a picture is placed in the network's input")
      ->type_name(choice_value(kPreprocesses))
      ->capture_default_str();
}

Result<Detector> make_detector(const DetectorOptions& options, const DetectorUse& use) {
  SHRIKE_TRY(check_tune(options.tune, options.memory_limit));
  LoadOptions load;
  load.threads = options.threads;
  load.memory = process_limit(options.memory_limit, use.held, use.sessions);
  SHRIKE_ASSIGN(load.layout, parse_choice("--layout", options.layout, kLayouts));
  SHRIKE_ASSIGN(load.preprocess, parse_choice("--preprocess", options.preprocess, kPreprocesses));
  SHRIKE_ASSIGN(load.precision, parse_precision(options.precision));
  if (!options.size.empty()) {
    SHRIKE_ASSIGN(load.imgsz, parse_size(options.size));
  }
  if (!options.names_file.empty()) {
    SHRIKE_ASSIGN(load.names, read_names_file(options.names_file));
  }
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(options.model));
  SHRIKE_TRY(check_not_input(use.output, model.files));
  if (use.files) *use.files = model.files;
  if (load.names.empty()) load.names = std::move(model.names);
  KernelTuner own;
  KernelTuner& tuner = use.tuner ? *use.tuner : own;
  if (options.tune)
    load.kernel_choice = [&](const Graph& prepared) {
      return tuner.choice(prepared, load.precision);
    };
  SHRIKE_ASSIGN(Detector detector, Detector::create(std::move(model.graph), model.source, load));
  tell_fewer_threads(load.memory, load.threads, detector.threads());
  if (!detector.names_known() && use.names == NamesFor::kShowing)
    say(printable(model.source) + " has no class names: " +
        (detector.names().size() == 80 ? "taking COCO's" : "numbers stand in") +
        " (--names FILE gives them)");
  return detector;
}

void tell_matched_by_index(const Detector& detector, const std::string& model) {
  if (!detector.names_known())
    say(printable(model) +
        " has no class names: its classes are taken to be the data set's, by number");
}

}  // namespace shrike
