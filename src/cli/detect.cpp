// shrike detect: pictures in, boxes out.
#include <cstdio>

#include "base/excerpt.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detect_parts.h"
#include "cli/detection_text.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/memory_limit.h"
#include "cli/picture_output.h"
#include "cli/picture_reader.h"
#include "cli/pictures.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "vision/decode.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

struct Options {
  DetectorOptions detector;
  DetectOptions detect;
  PartsOptions parts;
  std::string classes, save, labels;
  bool json = false, label_confidence = false;
};

void add_options(CLI::App& app, Options& o) {
  static std::vector<std::string> shown_in_the_help;
  app.add_option("pictures", shown_in_the_help, "Pictures, folders of pictures, patterns")
      ->type_name(kFileValue);
  add_detector_options(app, o.detector);
  app.add_option("--conf", o.detect.conf, "Least confidence of a box")
      ->capture_default_str()
      ->check(number_in(0, 1));
  app.add_option("--iou", o.detect.iou,
                 "Overlap from which the weaker of two boxes goes (0.7; 0.45 for Darknet and "
                 "YOLOX)")
      ->check(number_in(0, 1));
  app.add_option("--max-det", o.detect.max_det, "Most boxes of a picture")
      ->capture_default_str()
      ->check(whole_number_in(1, kMaxDetections));
  app.add_option("--classes", o.classes, "Only these classes: names or numbers, with commas")
      ->type_name(kListValue);
  app.add_flag("--agnostic", o.detect.agnostic, "Boxes of different classes compete, too");
  app.add_flag("--json", o.json, "One JSON object a picture and line on standard output");
  app.add_option("--save", o.save, "Folder for pictures with the boxes drawn")
      ->type_name(kFolderValue);
  app.add_flag("--save-txt{true}", o.labels,
               "Write YOLO label files: into labels/ in the folder of --save (or here), or "
               "--save-txt=FOLDER");
  app.add_flag("--save-conf", o.label_confidence, "Confidences in the label files, too");
  add_parts_options(app, o.parts);
}

OutputOptions output_options(const Options& o) {
  OutputOptions output{o.save, {}, o.label_confidence};
  if (o.labels.empty() || o.labels == "false" || o.labels == "False") return output;
  const bool own_folder = o.labels != "true" && o.labels != "True";
  output.labels = own_folder ? fs::path(o.labels) : fs::path(o.save) / "labels";
  return output;
}

Result<PictureResult> look_at(Detector& detector, const Options& o, const PictureOutput& output,
                              size_t index, const fs::path& path, const Image& image) {
  PictureResult result{path.string(), image.width(), image.height(), {}, {}};
  SHRIKE_ASSIGN(result.detections, detector.detect(image, o.detect));
  const Result<void> written = output.write(index, image, detector.names(), result);
  if (!written) return in_context(path.string(), written.error());
  return result;
}

std::string text_of(const Options& o, const PictureResult& result,
                    const std::vector<std::string>& names) {
  const bool colour = !o.parts.wanted() && colour_wanted();
  return o.json ? detection_json(result, names) : detection_lines(result, names, colour);
}

// All that what is said of a picture depends on, but for the pictures.
Result<Json> identity(const Detector& detector, const Options& o,
                      const std::vector<fs::path>& model_files) {
  SHRIKE_ASSIGN(const std::string model, digest_of_model(model_files));
  const DetectOptions& boxes = o.detect;
  return Json{{"shrike", SHRIKE_VERSION},
              {"model", model},
              {"names", detector.names()},
              {"imgsz", o.detector.size},
              {"conf", json_number(boxes.conf)},
              {"iou", boxes.iou ? json_number(*boxes.iou) : Json(nullptr)},
              {"max_det", boxes.max_det},
              {"agnostic", boxes.agnostic},
              {"classes", boxes.classes},
              {"max_pixels", pixel_limit()},
              {"layout", o.detector.layout},
              {"preprocess", o.detector.preprocess},
              {"precision", o.detector.precision},
              {"tune", o.detector.tune},
              {"memory_limit", o.detector.memory_limit},
              {"json", o.json},
              {"save", o.save},
              {"save_txt", o.labels},
              {"save_conf", o.label_confidence}};
}

Result<int> detect_parts(Detector& detector, const Options& o, const PictureOutput& output,
                         const std::vector<fs::path>& paths,
                         const std::vector<fs::path>& model_files) {
  SHRIKE_ASSIGN(Json same, identity(detector, o, model_files));
  const auto look = [&](size_t i, const Result<Image>& image) -> Result<std::string> {
    if (!image) return image.error();
    SHRIKE_ASSIGN(const PictureResult result, look_at(detector, o, output, i, paths[i], *image));
    return text_of(o, result, detector.names());
  };
  return detect_in_parts(o.parts, std::move(same), paths, look, o.json);
}

// The exit code: that of inputs when one of the pictures failed and the others are done.
Result<int> detect_all(Detector& detector, const Options& o, const PictureOutput& output,
                       const std::vector<fs::path>& paths) {
  int code = kExitOk;
  ProgressBar bar(paths.size(), true);
  PictureReader reader(paths);
  for (size_t i = 0; i < paths.size() && interrupted() == 0; ++i) {
    const Result<Image> image = reader.next();
    const Result<PictureResult> result =
        image ? look_at(detector, o, output, i, paths[i], *image) : image.error();
    if (!result && result.error().kind != ErrorKind::kInput) return result.error();
    bar.clear();
    if (!result) {
      say(printable(result.error().message));
      code = kExitInput;
    } else {
      const std::string text = text_of(o, *result, detector.names());
      std::fwrite(text.data(), 1, text.size(), stdout);
      SHRIKE_TRY(flush_output());
    }
    bar.set(i + 1);
  }
  const int signal = interrupted();
  return signal != 0 ? exit_code_of_signal(signal) : code;
}

}  // namespace

Result<int> detect_command(const Words& words) {
  Options o;
  CLI::App app(
      "Finds objects in pictures: class, confidence, and box in pixels (left, top, right, "
      "bottom).",
      "shrike detect");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (arguments.words.empty())
    return usage_error("detect needs pictures, folders or patterns: shrike detect street.jpg");

  const OutputOptions outputs = output_options(o);
  SHRIKE_TRY(check_parts_options(o.parts));
  if (o.label_confidence && outputs.labels.empty())
    return usage_error("--save-conf is about label files: give --save-txt, too");

  const PictureList pictures = find_pictures(arguments.words);
  if (o.parts.wanted())
    for (const fs::path& folder : {outputs.save, outputs.labels})
      SHRIKE_TRY(check_holds_none(folder, pictures.paths));
  if (pictures.paths.empty() && pictures.errors.size() == 1) return pictures.errors.front();
  for (const Error& error : pictures.errors) say(printable(error.message));
  if (pictures.paths.empty()) return kExitInput;

  size_t held = 0;
  if (o.detector.memory_limit > 0) held = picture_bytes(pictures.paths, !o.save.empty());
  std::vector<fs::path> read;
  SHRIKE_ASSIGN(Detector detector, make_detector(o.detector, {.files = &read, .held = held}));
  const std::vector<fs::path> model_files = read;
  read.emplace_back(o.detector.names_file);
  if (!o.classes.empty()) {
    SHRIKE_ASSIGN(o.detect.classes, parse_classes(o.classes, detector.names()));
  }
  SHRIKE_ASSIGN(const PictureOutput output, PictureOutput::create(outputs, pictures.paths, read));
  const CatchInterrupts caught;
  SHRIKE_ASSIGN(const int code,
                o.parts.wanted()
                    ? detect_parts(detector, o, output, pictures.paths, model_files)
                    : detect_all(detector, o, output, pictures.paths));
  return code == kExitOk && !pictures.errors.empty() ? kExitInput : code;
}

}  // namespace shrike
