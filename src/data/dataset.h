// Dataset: pictures and what is in them, whatever the format of the files.
//
//  YOLO  data.yaml with path, train/val/test (folder with its folders below, pattern, list file, or
//        a list of these) and names (list or map); labels/x.txt beside images/x.jpg, the last
//        "images" of the path being replaced: "class cx cy w h" as fractions of the sides, or
//        "class x1 y1 x2 y2 x3 y3 ...", a polygon, whose box counts.
//        https://docs.ultralytics.com/datasets/detect
//  COCO  a JSON file of images, annotations and categories. https://cocodataset.org/#format-data
//  VOC   a folder of Annotations/*.xml, JPEGImages and ImageSets/Main/<split>.txt, or of XML files
//        beside their pictures; class names from labels.txt or classes.txt there, else those that
//        occur in any annotation, sorted.
//        http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
//
// A picture without a label file is background. Nothing is ever written.
//
// Boxes are in pixels of the upright picture in every format:
//  YOLO  width = w * W, x = cx * W - width / 2, and so y
//  COCO  bbox; area as the file has it, else width * height
//  VOC   x = xmin - 1, width = xmax - xmin + 1: its pixels count from 1, both ends inside
// and stay as the file has them where they stick out of the picture or have no area: COCO's scores
// count such objects too. What is left out of its sample: rows that are no box of finite numbers
// with sides of at least 0, unknown classes, and in YOLO what Ultralytics refuses (fractions
// outside -0.01..1.01) or drops (the same row again).
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

enum class DatasetFormat : uint8_t { kYolo, kCoco, kVoc };

struct Sample {
  std::filesystem::path picture;
  int64_t id = 0;             // COCO's image id; elsewhere the position in the split, from 0
  int width = 0, height = 0;  // pixels of the upright picture, by its header
  std::vector<Truth> truth;   // in the order of the file; empty: background
};

struct Dataset {
  std::filesystem::path source;  // data.yaml, the JSON file, the folder
  DatasetFormat format = DatasetFormat::kYolo;
  std::string split;  // "val"; empty where the data set has none (a JSON file, XML without lists)
  std::vector<std::string> names;
  std::vector<int64_t> category_ids;  // COCO's, one a class, may have gaps; elsewhere 0, 1, ...
  std::vector<Sample> samples;        // COCO: by id; elsewhere in the order of names or of the list
  // What was read beside the pictures: settings, lists, labels, annotations.
  std::vector<std::filesystem::path> files;
  // What is wrong with it, in the order met; of one label file (of COCO: of one picture) at most a
  // hundred, then one of each kind that says how many more. Samples without a picture, a readable
  // header or a readable label file are left out of `samples`, so it may be empty.
  std::vector<Finding> findings;
};

struct DatasetOptions {
  std::string split = "val";
  // COCO: where the pictures lie. Empty: the first folder that holds the first of them: beside the
  // file, ../<split>, ../images, ../images/<split>, ../JPEGImages, where <split> is the split, or
  // what the file's name has behind "instances_"; the same beside the file without "../".
  std::filesystem::path pictures;
  int threads = 1;  // for reading label files and headers
  // Where a COCO file contradicts itself (ids that nobody defines, or that are there twice): false:
  // an error that names the first one; true: findings, and the annotations are left out.
  bool tolerant = false;
};

// `path`: a data.yaml or the folder that holds one (or one other .yaml), a COCO .json or the folder
// with annotations/instances_<split>*.json, a VOC folder.
// Errors (kInput) name the file and the key: no such file or split, a split that names no folder,
// YAML or JSON that is damaged or too large, no pictures, category ids that nobody defines, a
// name in a COCO file or a VOC list that leads out of the pictures' folder. kRuntime: not enough
// memory, or open files. Damaged pictures whose header is whole are not noticed here (check.h).
Result<Dataset> open_dataset(const std::filesystem::path& path, const DatasetOptions& options);

// The splits of a data set, those of train, val, test first; none where it has no splits.
Result<std::vector<std::string>> dataset_splits(const std::filesystem::path& path);

// "yolo", "coco", "voc".
std::string_view format_name(DatasetFormat format);

}  // namespace shrike
