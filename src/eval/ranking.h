// The detections of each class over a whole set by falling confidence, packed to be scored many
// times over.
//
// Most detections find nothing at any threshold. Of these only the picture is kept: they count as
// wrong. Those that found something or are ignored at some thresholds are listed apart, with their
// place among all. Detections that are ignored at every threshold are dropped.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/match.h"

namespace shrike {

// A detection that is right or ignored at some thresholds; wrong at the others.
struct Decided {
  uint32_t place = 0;  // in RankedRange::pictures, counted from 1
  uint32_t picture = 0;
  uint16_t right = 0;  // bit t: IoU threshold t; never ignored there
  uint16_t ignored = 0;
  uint8_t rank = 0;  // among the picture's detections of the class, from 0
};

struct PictureObjects {
  uint32_t picture = 0;
  uint32_t count = 0;  // that count, at least 1
};

// One class in one area range.
struct RankedRange {
  std::vector<uint32_t> pictures;  // of every detection, by falling confidence
  std::vector<Decided> decided;
  std::vector<PictureObjects> objects;  // by picture
  uint64_t object_count = 0;
};

// Neighbouring points of the curves over confidence (scores.h) at which the same detections are
// left.
struct PointRun {
  uint32_t place = 0;           // the first `place` of ranges[0].pictures
  int32_t first = 0, last = 0;  // points
};

struct RankedClass {
  std::array<RankedRange, kAreaRanges> ranges;
  std::vector<PointRun> runs;  // all points, by falling confidence
};

// By class, 0 .. class_count - 1. Equal confidences in the order of pictures, then of rank.
// Requires class_count > every class id, fewer than 2^32 pictures and detections of a class.
std::vector<RankedClass> rank_classes(std::span<const PictureMatches> pictures, int class_count);

}  // namespace shrike
