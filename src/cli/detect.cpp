// shrike detect: pictures in, boxes out.
#include <algorithm>
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
#include "cli/picture_pipeline.h"
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
  int streams = 1;
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
  add_streams_option(app, o.streams);
  add_parts_options(app, o.parts);
}

OutputOptions output_options(const Options& o) {
  OutputOptions output{o.save, {}, o.label_confidence};
  if (o.labels.empty() || o.labels == "false" || o.labels == "False") return output;
  const bool own_folder = o.labels != "true" && o.labels != "True";
  output.labels = own_folder ? fs::path(o.labels) : fs::path(o.save) / "labels";
  return output;
}

std::string text_of(const Options& o, const PictureResult& result,
                    const std::vector<std::string>& names) {
  const bool colour = !o.parts.wanted() && colour_wanted();
  return o.json ? detection_json(result, names) : detection_lines(result, names, colour);
}

// A detector a stream, of one network; no more than there are pictures. `read` gets the model's
// files.
Result<std::vector<Detector>> make_streams(const Options& o, const std::vector<fs::path>& pictures,
                                           std::vector<fs::path>& read) {
  const size_t count = std::min(static_cast<size_t>(o.streams), pictures.size());
  DetectorOptions options = o.detector;
  options.threads = threads_a_stream(options.threads, static_cast<int>(count));
  size_t held = 0;
  if (options.memory_limit > 0) held = picture_bytes(pictures, !o.save.empty(), count);
  SHRIKE_ASSIGN(Detector first,
                make_detector(options, {.files = &read, .held = held, .sessions = count}));
  std::vector<Detector> streams;
  streams.push_back(std::move(first));
  while (streams.size() < count) {
    SHRIKE_ASSIGN(Detector another, Detector::another(streams[0]));
    streams.push_back(std::move(another));
  }
  return streams;
}

// Of each picture its files are written, and what is printed is its text. Borrows all.
PictureWork work_of(std::vector<Detector>& streams, const Options& o, const PictureOutput& output,
                    const std::vector<fs::path>& paths) {
  const std::vector<std::string>& names = streams[0].names();
  PictureWork work{streams.size(), !o.save.empty(), {}, {}, {}};
  work.read = [&](size_t i) { return read_image(paths[i]); };
  work.look = [&](size_t stream, size_t, const Image& image) {
    return streams[stream].detect(image, o.detect);
  };
  work.finish = [&](size_t i, const Image& image, Detections found) -> Result<std::string> {
    PictureResult result{paths[i].string(), image.width(), image.height(), std::move(found), {}};
    const Result<void> written = output.write(i, image, names, result);
    if (!written) return in_context(paths[i].string(), written.error());
    return text_of(o, result, names);
  };
  return work;
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
              // What a limit leaves to a plan depends on them.
              {"streams", o.detector.memory_limit > 0 ? o.streams : 0},
              {"json", o.json},
              {"save", o.save},
              {"save_txt", o.labels},
              {"save_conf", o.label_confidence}};
}

Result<int> detect_parts(const Detector& detector, const Options& o, const PictureWork& work,
                         const std::vector<fs::path>& paths,
                         const std::vector<fs::path>& model_files) {
  SHRIKE_ASSIGN(Json same, identity(detector, o, model_files));
  return detect_in_parts(o.parts, std::move(same), paths, work, o.json);
}

// The exit code: that of inputs when one of the pictures failed and the others are done.
Result<int> detect_all(const PictureWork& work, size_t pictures) {
  int code = kExitOk;
  ProgressBar bar(pictures, true);
  const auto tell = [&](size_t i, const Result<std::string>& said) -> Result<void> {
    bar.clear();
    if (!said) {
      say(printable(said.error().message));
      code = kExitInput;
    } else {
      std::fwrite(said->data(), 1, said->size(), stdout);
      SHRIKE_TRY(flush_output());
    }
    bar.set(i + 1);
    return {};
  };
  SHRIKE_TRY(work_through(pictures, work, tell));
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

  std::vector<fs::path> read;
  SHRIKE_ASSIGN(std::vector<Detector> streams, make_streams(o, pictures.paths, read));
  const Detector& detector = streams[0];
  const std::vector<fs::path> model_files = read;
  read.emplace_back(o.detector.names_file);
  if (!o.classes.empty()) {
    SHRIKE_ASSIGN(o.detect.classes, parse_classes(o.classes, detector.names()));
  }
  SHRIKE_ASSIGN(const PictureOutput output, PictureOutput::create(outputs, pictures.paths, read));
  const PictureWork work = work_of(streams, o, output, pictures.paths);
  const CatchInterrupts caught;
  SHRIKE_ASSIGN(const int code, o.parts.wanted()
                                    ? detect_parts(detector, o, work, pictures.paths, model_files)
                                    : detect_all(work, pictures.paths.size()));
  return code == kExitOk && !pictures.errors.empty() ? kExitInput : code;
}

}  // namespace shrike
