#include "cli/train_options.h"

#include "cli/detector_options.h"
#include "zoo/families.h"

namespace shrike {

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Result<Arguments> parse_train_options(const Words& words, TrainOptions& options) {
  CLI::App app(
      "Shows whether a model can be trained: its network as shrike-train, beside shrike, would "
      "build it. Training itself is not there yet.",
      "shrike train");
  add_model_options(app, options.model);
  app.add_option(
      "--scratch", options.scratch,
      "Random weights in place of a model: " + listed(zoo::family_names()) + ", or a Darknet .cfg");
  add_size_option(app, options.size);
  add_threads_option(app, options.threads);
  app.add_flag("--dry-run", options.dry_run,
               "Build the network that would be trained, compare it with the engine's on made-up "
               "pixels, and end");
  SHRIKE_ASSIGN(Arguments arguments, parse_arguments(app, words));
  if (!arguments.help && !arguments.words.empty())
    return usage_error("train takes options, not the word " + arguments.words.front());
  if (!options.scratch.empty() && (app.count("--model") > 0 || app.count("--weights") > 0))
    return usage_error("--scratch takes the place of --model: give one of the two");
  return arguments;
}

}  // namespace shrike
