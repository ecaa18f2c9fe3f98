// Finding: one thing that is wrong with a data set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shrike {

enum class FindingKind : uint8_t {
  kMissingPicture,    // named, but not there
  kCorruptPicture,    // not a picture, or damaged
  kDuplicatePicture,  // named again
  kUnknownPicture,    // COCO: an annotation of a picture that the file does not define
  kUnreadableLabel,   // the label file cannot be read or parsed
  kMalformedRow,      // a row or annotation that is no box
  kOutOfRange,        // a box outside the picture, or without area
  kDuplicateRow,      // the same class and box again
  kUnknownClass,      // a class that the data set does not define
  kWrongSize,         // the file says another size than the picture has
  kOrphanLabel,       // a label file without a picture
};

struct Finding {
  FindingKind kind = FindingKind::kMissingPicture;
  std::filesystem::path file;
  int64_t row = 0;     // line of a label file, from 1; annotation id of COCO; 0: the whole file
  std::string detail;  // "class 7, but there are 3": one line, but for bytes of names
  size_t count = 1;    // of things that are wrong: more where only their number is kept
};

// "missing_picture" and so on, as --json has them.
const char* finding_name(FindingKind kind);

// The sum of their counts.
size_t count_of(const std::vector<Finding>& findings);

// "labels/x.txt:3: unknown class: class 7, but there are 3"
std::string finding_text(const Finding& finding);

}  // namespace shrike
