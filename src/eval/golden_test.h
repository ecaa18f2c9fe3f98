// What the tests of scores share: the sets of golden/sets.txt, or of the folder that
// SHRIKE_SCORE_SETS names (tests/peers/check_scores.py fills one).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "eval/match.h"
#include "vision/box.h"
#include "vision/truth.h"

namespace shrike::golden {

struct Picture {
  std::vector<Truth> truth;
  std::vector<Detection> detections;
};

struct Set {
  std::string name;
  int classes = 0;
  std::vector<Picture> pictures;
};

inline std::ifstream open(const std::string& name) {
  const char* folder = std::getenv("SHRIKE_SCORE_SETS");
  const std::filesystem::path path = folder ? folder : SHRIKE_EVAL_DIR "/golden";
  std::ifstream file(path / name);
  EXPECT_TRUE(file.good()) << "no " << path / name;
  return file;
}

// golden/random_sets.py: write_set().
inline std::vector<Set> sets() {
  std::vector<Set> out;
  std::ifstream file = open("sets.txt");
  std::string word;
  size_t pictures, objects, detections;
  while (file >> word) {
    Set& set = out.emplace_back();
    file >> set.name >> set.classes >> pictures;
    set.pictures.resize(pictures);
    for (Picture& picture : set.pictures) {
      file >> objects >> detections;
      picture.truth.resize(objects);
      picture.detections.resize(detections);
      for (Truth& t : picture.truth)
        file >> t.x >> t.y >> t.width >> t.height >> t.area >> t.class_id >> t.crowd >> t.ignore;
      for (Detection& d : picture.detections)
        file >> d.box.x1 >> d.box.y1 >> d.box.x2 >> d.box.y2 >> d.confidence >> d.class_id;
    }
    EXPECT_TRUE(file.good() || file.eof()) << set.name;
  }
  EXPECT_FALSE(out.empty());
  return out;
}

inline std::vector<PictureMatches> matched(const Set& set) {
  std::vector<PictureMatches> out;
  for (const Picture& picture : set.pictures)
    out.push_back(match_picture(picture.detections, picture.truth));
  return out;
}

}  // namespace shrike::golden
