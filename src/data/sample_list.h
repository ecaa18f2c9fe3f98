// What the readers of the three formats share: samples made one by one over threads, and what is
// wrong with each.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "vision/decode.h"

namespace shrike {

// Findings of one file: a hundred, then only the number of each kind, so that a file of nothing but
// bad rows does not become many times its size.
class FindingList {
 public:
  explicit FindingList(std::filesystem::path file) : file_(std::move(file)) {}

  void add(FindingKind kind, int64_t row, std::string detail);
  std::vector<Finding> take();

 private:
  std::filesystem::path file_;
  std::vector<Finding> findings_;
  std::map<FindingKind, size_t> more_;
};

struct TruthRow {
  Truth truth;
  int64_t row = 0;  // as Finding::row
};

// Whether it is a box at all: finite, sides of at least 0, nothing beyond 1e9 pixels (so that no
// area is infinite).
bool is_box(const Truth& truth);

enum class RepeatedRows : uint8_t { kKeep, kDrop };

// The truth of `rows`, with findings for boxes that lie more than a pixel outside the picture,
// have no area, or are there twice.
std::vector<Truth> checked_truth(const std::vector<TruthRow>& rows, PictureSize size,
                                 RepeatedRows repeated, FindingList& findings);

// The picture's size, or nothing and a finding that it is missing or no picture. Errors (kRuntime):
// memory or open files do not suffice, which says nothing of the picture.
Result<std::optional<PictureSize>> size_of_picture(const std::filesystem::path& path,
                                                   std::vector<Finding>& findings);

// What an error says behind "cannot read PATH: ", for findings that name the file themselves.
std::string reason_of(const Error& error, const std::filesystem::path& path);

// The sides that a label file says its picture has: any number, as nothing else is made of it; 0
// where it says none.
struct StatedSize {
  double width = 0, height = 0;
};

// Whether the file says both sides, and not those of the picture.
bool contradicts(StatedSize said, PictureSize size);

// "the file says 640x480, the picture is 480x640", of kWrongSize.
std::string wrong_size_text(StatedSize said, PictureSize size);

struct LoadedSample {
  std::optional<Sample> sample;  // nothing: left out
  std::vector<Finding> findings;
  std::filesystem::path labels;  // the file of its own that they were read from; may be empty
};

// Calls read(0), ..., read(count - 1) from `threads` threads, until one gives an error. An error
// (kRuntime) names `source` where memory ran out.
Result<void> read_files(const std::filesystem::path& source, size_t count, int threads,
                        const std::function<Result<void>(size_t)>& read);

// Appends load(0), ..., load(count - 1) to the data set's samples, files and findings, in this
// order; read with read_files. A picture that several samples have is a finding of the later ones, which stay.
Result<void> load_samples(size_t count, int threads,
                          const std::function<Result<LoadedSample>(size_t)>& load,
                          Dataset& dataset);

}  // namespace shrike
