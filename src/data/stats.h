// Numbers that describe a data set.
#pragma once

#include <cstddef>
#include <vector>

#include "data/dataset.h"

namespace shrike {

// Of no values all are 0.
struct Distribution {
  double least = 0, median = 0, mean = 0, most = 0;  // median: the upper one of two
};

struct ClassCount {
  size_t instances = 0, pictures = 0;  // pictures that hold at least one
};

struct DatasetStats {
  size_t pictures = 0, background = 0;  // background: without any object
  size_t instances = 0;                 // all objects, these among them:
  size_t crowds = 0, ignored = 0;
  size_t small = 0, medium = 0, large = 0;  // by Truth::area: below 32^2, below 96^2, the rest
  std::vector<ClassCount> classes;          // by class id
  Distribution width, height;               // of pictures, pixels
  Distribution box_width, box_height;       // pixels
  Distribution per_picture;                 // objects
};

DatasetStats dataset_stats(const Dataset& dataset);

}  // namespace shrike
