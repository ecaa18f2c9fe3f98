// YOLO label files: which file is a picture's, and what its rows say.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "data/sample_list.h"

namespace shrike {

// images/a/x.jpg -> labels/a/x.txt, the last folder called "images" being replaced; without one,
// x.txt beside the picture.
std::filesystem::path yolo_label_path(const std::filesystem::path& picture);

// Where a box begins, in pixels, that has its centre at `centre` and the extent `extent`, both as
// fractions of a side of `side` pixels: how parse_yolo_labels computes it.
double yolo_edge(long double centre, long double extent, int side);

// Rows "class cx cy w h" or "class x1 y1 x2 y2 x3 y3 ...", as dataset.h says; what is wrong with
// others goes to `findings`, with the line.
std::vector<TruthRow> parse_yolo_labels(std::string_view text, PictureSize size, size_t classes,
                                        FindingList& findings);

}  // namespace shrike
