// Made-up pictures for the tests: objects that a detector of a given skill finds, misses, and takes
// for something else.
#pragma once

#include <algorithm>
#include <vector>

#include "eval/draws.h"
#include "eval/match.h"

namespace shrike::sample {

struct Options {
  int classes = 3;
  double skill = 0.7;    // share of objects that are found, on average
  int noise = 4;         // fewer than so many detections of nothing a picture
  double crowds = 0.05;  // share of objects; as many are ignored
};

struct Picture {
  std::vector<Truth> truth;
  std::vector<Detection> detections;
};

class Maker {
 public:
  Maker(uint64_t seed, const Options& options) : random_(seed, 0), options_(options) {}

  double uniform() { return static_cast<double>(random_.next() >> 11) * 0x1p-53; }
  int below(int bound) { return static_cast<int>(random_.below(static_cast<uint32_t>(bound))); }

  // Confidences are drawn from 2^24 values: equal ones are rare.
  Picture picture() {
    Picture out;
    // A hard picture is hard for all of its objects: what the bootstrap has to see.
    const double skill = std::clamp(options_.skill + 0.5 * (uniform() - 0.5), 0.0, 1.0);
    for (int i = below(6); i > 0; --i) {
      out.truth.push_back(object());
      if (uniform() < skill) out.detections.push_back(near(out.truth.back()));
      if (uniform() < 0.1) out.detections.push_back(near(out.truth.back()));
    }
    for (int i = below(options_.noise); i > 0; --i) {
      out.detections.push_back(near(object()));
      out.detections.back().confidence *= 0.7f;
    }
    return out;
  }

  std::vector<PictureMatches> matches(int pictures) {
    std::vector<PictureMatches> out;
    for (int i = 0; i < pictures; ++i) {
      const Picture made = picture();
      out.push_back(match_picture(made.detections, made.truth));
    }
    return out;
  }

 private:
  Truth object() {
    Truth t;
    t.width = 10 + 150 * uniform();
    t.height = 10 + 150 * uniform();
    t.x = 1000 * uniform();
    t.y = 1000 * uniform();
    t.area = t.width * t.height;
    t.class_id = below(options_.classes);
    t.crowd = uniform() < options_.crowds;
    t.ignore = uniform() < options_.crowds;
    return t;
  }

  Detection near(const Truth& t) {
    const auto shift = [&](double size) { return 0.3 * size * (uniform() - 0.5); };
    Detection d;
    d.box.x1 = static_cast<float>(t.x + shift(t.width));
    d.box.y1 = static_cast<float>(t.y + shift(t.height));
    d.box.x2 = static_cast<float>(t.x + t.width + shift(t.width));
    d.box.y2 = static_cast<float>(t.y + t.height + shift(t.height));
    d.confidence = static_cast<float>(uniform());
    d.class_id = uniform() < 0.9 ? t.class_id : below(options_.classes);
    return d;
  }

  RandomStream random_;
  Options options_;
};

}  // namespace shrike::sample
