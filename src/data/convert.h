// A data set in another format. The source is only read.
//
//  YOLO  data.yaml, images/<split>/, labels/<split>/; where the order of names is not that of the
//        samples, <split>.txt lists them
//  COCO  annotations/instances_<split>.json, <split>/ with the pictures. Image and category ids are
//        those of the source (positions, where it has none), annotations count from 1
//  VOC   Annotations/, JPEGImages/, ImageSets/Main/<split>.txt, labels.txt
//
// Numbers are written with as many digits as it takes for open_dataset to read the same doubles
// back; of a box that begins within W / 2000 of the edge of W pixels YOLO may lose W * 2^-64. VOC's
// corners get decimals only where a box lies between pixels.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

struct SplitSource {
  std::string name;  // "val"; YOLO calls "val2017" val, where no other split is
  const Dataset* dataset = nullptr;
};

enum class PictureTransfer : uint8_t {
  kLink,  // symbolic links to the originals
  kCopy,
};

struct ConvertOptions {
  DatasetFormat format = DatasetFormat::kYolo;
  PictureTransfer pictures = PictureTransfer::kLink;
  // Called after each picture; false ends the conversion, and nothing is left of it.
  std::function<bool(size_t done, size_t total)> progress;
};

// What was written, and what the format cannot say.
struct Conversion {
  size_t pictures = 0;  // written; VOC has one of two splits once
  size_t instances = 0;
  size_t crowds_left_out = 0;   // YOLO and VOC have none
  size_t ignored_left_out = 0;  // difficult objects: YOLO has none
  size_t ignored_counted = 0;   // COCO: pycocotools counts them like all others
  size_t areas_lost = 0;        // of masks: elsewhere it is width * height
};

// Writes into a folder beside `folder` and renames it when all is done. Pictures keep their names
// where these are of use in all formats; others (equal stems in one folder, control characters, a
// dot in front) are changed. A picture that is there twice with other objects gets a name for each.
// Errors: kUsage where `folder` is there and not empty, or no split is given; kInput where the
// format cannot hold the data set (VOC: two classes of one name; YOLO: a split called path; either:
// no class), a class name is not UTF-8, or a picture cannot be read; kRuntime where something
// cannot be written, or `progress` ended it.
Result<Conversion> convert_dataset(std::span<const SplitSource> splits,
                                   const std::filesystem::path& folder,
                                   const ConvertOptions& options);

}  // namespace shrike
