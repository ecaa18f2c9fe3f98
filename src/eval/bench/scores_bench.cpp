// How long matching, scoring and the bootstrap take, on made-up pictures of COCO's kind.
//
//   eval_bench [PICTURES [DETECTIONS [CLASSES [FILE]]]]     5000 100 80
//
// CPU seconds of one thread. With FILE the pictures are written there as golden/random_sets.py
// writes sets: bench/peers/bench_scores.py gives them to pycocotools.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/draws.h"
#include "eval/match.h"
#include "eval/scores.h"

namespace shrike {
namespace {

constexpr int kObjects = 7;  // a picture, as in COCO

struct Picture {
  std::vector<Truth> truth;
  std::vector<Detection> detections;
};

class Maker {
 public:
  Maker(int detections, int classes) : detections_(detections), classes_(classes) {}

  Picture make() {
    Picture out;
    for (int i = 0; i < kObjects; ++i) out.truth.push_back(object());
    for (int i = 0; i < detections_; ++i) out.detections.push_back(detection(out.truth));
    return out;
  }

 private:
  double uniform() { return static_cast<double>(random_.next() >> 11) * 0x1p-53; }
  int any_class() { return static_cast<int>(random_.below(static_cast<uint32_t>(classes_))); }

  Truth object() {
    Truth t;
    t.width = 4 * std::exp(4.5 * uniform());  // 4 to 360 pixels
    t.height = t.width * (0.5 + uniform());
    t.x = 640 * uniform();
    t.y = 480 * uniform();
    t.area = t.width * t.height;
    t.class_id = any_class();
    t.crowd = uniform() < 0.01;
    return t;
  }

  // Two of five lie near an object, most of them of its class and the nearer the surer.
  Detection detection(const std::vector<Truth>& truth) {
    const bool near = uniform() < 0.4;
    const Truth t = near ? truth[random_.below(kObjects)] : object();
    const double off = near ? 0.4 * uniform() * uniform() : 0;
    const auto shift = [&](double size) { return off * size * (2 * uniform() - 1); };
    Detection d;
    const double x = t.x + shift(t.width), y = t.y + shift(t.height);
    d.box = {static_cast<float>(x), static_cast<float>(y),
             static_cast<float>(x + t.width + shift(t.width)),
             static_cast<float>(y + t.height + shift(t.height))};
    d.confidence = static_cast<float>(std::pow(uniform(), near ? 1 + 10 * off : 6));
    d.class_id = near && uniform() < 0.8 ? t.class_id : any_class();
    return d;
  }

  RandomStream random_{0, 0};
  int detections_, classes_;
};

void save(const std::vector<Picture>& pictures, int classes, const char* path) {
  std::FILE* file = std::fopen(path, "w");
  if (!file) std::exit(EXIT_FAILURE);
  std::fprintf(file, "set bench %d %zu\n", classes, pictures.size());
  for (const Picture& picture : pictures) {
    std::fprintf(file, "%zu %zu\n", picture.truth.size(), picture.detections.size());
    for (const Truth& t : picture.truth)
      std::fprintf(file, "%.17g %.17g %.17g %.17g %.17g %d %d %d\n", t.x, t.y, t.width, t.height,
                   t.area, t.class_id, t.crowd, t.ignore);
    for (const Detection& d : picture.detections)
      std::fprintf(file, "%.9g %.9g %.9g %.9g %.9g %d\n", d.box.x1, d.box.y1, d.box.x2, d.box.y2,
                   d.confidence, d.class_id);
  }
  std::fclose(file);
}

template <typename Call>
auto timed(const char* what, const Call& call) {
  const std::clock_t start = std::clock();
  auto result = call();
  std::printf("%s_s %.3f\n", what,
              static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC));
  return result;
}

int run(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  const int classes = argument(3, 80);
  std::vector<Picture> pictures(argument(1, 5000));
  Maker maker(argument(2, 100), classes);
  for (Picture& picture : pictures) picture = maker.make();
  if (argc > 4) save(pictures, classes, argv[4]);

  const auto matches = timed("match", [&] {
    std::vector<PictureMatches> out;
    out.reserve(pictures.size());
    for (const Picture& p : pictures) out.push_back(match_picture(p.detections, p.truth));
    return out;
  });
  const Scores scores = timed("score", [&] { return score(matches, classes); });
  timed("bootstrap", [&] { return bootstrap(matches, classes, {}); });
  size_t bytes = 0;
  for (const PictureMatches& p : matches)
    bytes += sizeof p + p.matches.capacity() * sizeof(Match) +
             p.classes.capacity() * sizeof(ClassMatches);
  std::printf("matches_mb %.1f\n", static_cast<double>(bytes) / 1e6);
  for (int i = 0; i < kHeadlines; ++i)
    std::printf("%s %.17g\n", kHeadlineNames[i],
                (scores.summary.*kHeadlineFields<double>[i]).value_or(-1));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace shrike

int main(int argc, char** argv) { return shrike::run(argc, argv); }
