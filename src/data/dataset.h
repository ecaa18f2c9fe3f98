// Dataset: pictures and what is in them, whatever the format of the files.
//
//  YOLO  data.yaml with path, train/val/test (folder, pattern, list file, or a list of these) and
//        names (list or map); labels/x.txt beside images/x.jpg: "class cx cy w h" as fractions of
//        the sides. https://docs.ultralytics.com/datasets/detect
//  COCO  a JSON file of images, annotations and categories. https://cocodataset.org/#format-data
//  VOC   a folder of Annotations/*.xml, JPEGImages and ImageSets/Main/<split>.txt, or of XML files
//        beside their pictures. http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
//
// Boxes are in pixels of the upright picture in every format. Nothing is ever written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/finding.h"
#include "vision/truth.h"

namespace shrike {

enum class DatasetFormat { kYolo, kCoco, kVoc };

struct Sample {
  std::filesystem::path picture;
  int64_t id = 0;             // COCO's image id; elsewhere the position in the split, from 0
  int width = 0, height = 0;  // pixels of the upright picture
  std::vector<Truth> truth;   // empty: background
};

struct Dataset {
  std::filesystem::path source;  // data.yaml, the JSON file, the folder
  DatasetFormat format = DatasetFormat::kYolo;
  std::string split;  // "val"; empty where the format has none (COCO)
  std::vector<std::string> names;
  std::vector<int64_t> category_ids;  // COCO's, one a class, may have gaps; elsewhere 0, 1, ...
  std::vector<Sample> samples;        // COCO: by id; elsewhere in the order of names or of the list
  // What is wrong with it, in the order met. Samples that cannot be used (no picture, picture or
  // label file not readable) are left out of `samples`; a bad row is left out of its sample.
  std::vector<Finding> findings;
};

struct DatasetOptions {
  std::string split = "val";
  // COCO: where the pictures lie; empty: beside the file, in ../<stem of its name>, ../images and
  // the like.
  std::filesystem::path pictures;
};

// `path`: a data.yaml or the folder that holds one, a COCO .json, a VOC folder.
// Errors (kInput) name the file and the key: no such file or split, a split that names no folder,
// YAML or JSON that is damaged or too large, no pictures, category ids that nobody defines.
Result<Dataset> open_dataset(const std::filesystem::path& path, const DatasetOptions& options);

// "yolo", "coco", "voc".
std::string_view format_name(DatasetFormat format);

}  // namespace shrike
