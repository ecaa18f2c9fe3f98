// report_demo FOLDER [PICTURE...]: reports from made-up numbers, to be looked at after a change of
// how charts or pages look. Boxes on the pictures are made up, too.
#include <cstdio>

#include "report/line_chart.h"
#include "report/made_up.h"
#include "report/number.h"
#include "report/style.h"
#include "vision/decode.h"
#include "vision/encode.h"

namespace shrike {
namespace {

ReportPicture boxes_on(const std::filesystem::path& path) {
  const auto image = read_image(path);
  const float w = image ? static_cast<float>(image->width()) : 1;
  const float h = image ? static_cast<float>(image->height()) : 1;
  ReportPicture picture{path, {}, {}};
  picture.truth = {{0.1 * w, 0.2 * h, 0.4 * w, 0.6 * h, 1, 0},
                   {0.55 * w, 0.5 * h, 0.3 * w, 0.3 * h, 1, 2},
                   {0.6 * w, 0.05 * h, 0.2 * w, 0.2 * h, 1, 8, true}};
  picture.detections = {{{0.12f * w, 0.22f * h, 0.5f * w, 0.79f * h}, 0.91f, 0},
                        {{0.56f * w, 0.52f * h, 0.86f * w, 0.79f * h}, 0.55f, 6}};
  return picture;
}

Result<void> other_charts(const std::filesystem::path& folder) {
  LineChart latency{"Accuracy over latency",
                    "mAP 0.50:0.95 with 95 % intervals",
                    {"Milliseconds a picture", 0, {}},
                    {"mAP 0.50:0.95", {}, {}},
                    {}};
  const char* models[] = {"nano", "small", "medium", "large"};
  for (int i = 0; i < 4; ++i) {
    const double x = 9.5 * std::pow(2.1, i), y = 0.37 + 0.06 * i - 0.006 * i * i;
    latency.series.push_back({models[i],
                              fixed(y, 3),
                              {{x, y, {{x * 0.94, x * 1.09}}, {{y - 0.012, y + 0.011}}}},
                              series_stroke(i, 2),
                              false,
                              5});
  }
  LineChart training{"Training", "", {"Epoch", {}, {}}, {"Loss", {}, {}}, {}};
  for (const auto& [name, factor] : {std::pair{"training", 1.0}, {"validation", 1.12}}) {
    Series series{name, "", {}, series_stroke(training.series.size(), 2)};
    made_up::Noise noise(3);
    for (int i = 0; i < 100; ++i)
      series.points.push_back(
          {i + 1.0, factor * (1.2 + 4 * std::exp(-i / 18.0)) + 0.1 * noise.next()});
    training.series.push_back(series);
  }
  for (const auto& [name, chart] :
       {std::pair{"latency.png", latency}, {"training.png", training}}) {
    SHRIKE_ASSIGN(const Image image, draw(chart).to_image());
    SHRIKE_TRY(write_image(folder / name, image));
  }
  return {};
}

Result<void> demo(const std::filesystem::path& folder, int count, char** pictures) {
  for (const int classes : {1, 3, 20, 80, 1000}) {
    ReportData data = made_up::report(classes);
    for (int i = 0; i < count; ++i) data.pictures.push_back(boxes_on(pictures[i]));
    data.head.notes = {"These numbers are made up."};
    SHRIKE_TRY(write_report(folder / std::to_string(classes), data));
  }
  SHRIKE_TRY(write_report(folder / "empty", made_up::report(0)));
  SHRIKE_TRY(write_comparison(folder / "comparison", made_up::comparison(20)));
  return other_charts(folder);
}

}  // namespace
}  // namespace shrike

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("report_demo FOLDER [PICTURE...]\n", stderr), 2;
  const auto done = shrike::demo(argv[1], argc - 2, argv + 2);
  if (!done) std::fprintf(stderr, "report_demo: %s\n", done.error().message.c_str());
  return done ? 0 : 5;
}
