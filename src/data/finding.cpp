#include "data/finding.h"

#include "base/excerpt.h"

namespace shrike {

namespace {

struct Words {
  const char *name, *text;
};

Words words(FindingKind kind) {
  switch (kind) {
    case FindingKind::kMissingPicture:
      return {"missing_picture", "missing picture"};
    case FindingKind::kCorruptPicture:
      return {"corrupt_picture", "corrupt picture"};
    case FindingKind::kDuplicatePicture:
      return {"duplicate_picture", "duplicate picture"};
    case FindingKind::kUnknownPicture:
      return {"unknown_picture", "unknown picture"};
    case FindingKind::kUnreadableLabel:
      return {"unreadable_label", "unreadable label file"};
    case FindingKind::kMalformedRow:
      return {"malformed_row", "malformed row"};
    case FindingKind::kOutOfRange:
      return {"out_of_range", "out of range"};
    case FindingKind::kDuplicateRow:
      return {"duplicate_row", "duplicate row"};
    case FindingKind::kUnknownClass:
      return {"unknown_class", "unknown class"};
    case FindingKind::kWrongSize:
      return {"wrong_size", "wrong size"};
    case FindingKind::kOrphanLabel:
      return {"orphan_label", "label file without a picture"};
  }
  return {"", ""};
}

}  // namespace

const char* finding_name(FindingKind kind) { return words(kind).name; }

size_t count_of(const std::vector<Finding>& findings) {
  size_t count = 0;
  for (const Finding& finding : findings) count += finding.count;
  return count;
}

std::string finding_text(const Finding& finding) {
  std::string text = shown_path(finding.file);
  if (finding.row != 0) text += ":" + std::to_string(finding.row);
  text += std::string(": ") + words(finding.kind).text;
  if (!finding.detail.empty()) text += ": " + finding.detail;
  return text;
}

}  // namespace shrike
