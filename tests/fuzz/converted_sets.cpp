// Harness of whole data sets: a folder that is read, checked and written in every format, and what
// was written read again.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/file.h"
#include "data/check.h"
#include "data/convert.h"
#include "data/dataset.h"
#include "formats/test_folder.h"
#include "harness.h"
#include "seeds.h"

namespace shrike::fuzz {

namespace {

namespace fs = std::filesystem;

// An input is several files, each behind a line "@@ NAME". Pictures are always there.
constexpr std::string_view kMark = "@@ ";
constexpr std::string_view kFiles[] = {"data.yaml",
                                       "list.txt",
                                       "labels/a.txt",
                                       "labels.txt",
                                       "annotations/instances_val.json",
                                       "Annotations/a.xml",
                                       "Annotations/b.xml",
                                       "ImageSets/Main/val.txt"};
// A grey PNM picture of 8x6.
constexpr std::string_view kPicture =
    "P5 8 6 255\n012345678901234567890123456789012345678901234567";

// Names of YOLO's settings may lead anywhere, and then the whole machine would be looked through.
bool leads_out(std::string_view text) {
  if (text.find("..") != std::string_view::npos || text.find('\\') != std::string_view::npos)
    return true;
  for (size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1))
    if (at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]))) return true;
  return false;
}

class SetFolder {
 public:
  SetFolder() {
    for (const char* folder : {"labels", "annotations", "Annotations", "ImageSets/Main", "images"})
      require(!!make_folders(set() / folder), "a folder can be made");
    for (const char* picture : {"a.pgm", "b.pgm"})
      require(!!write_file(set() / "images" / picture, kPicture), "a picture can be written");
  }

  fs::path set() const { return folder_ / "set"; }
  fs::path out() const { return folder_ / "out"; }

  // False where the input is not to be tried.
  bool write(std::string_view text) const {
    std::error_code none;
    for (const std::string_view name : kFiles) fs::remove(set() / name, none);
    while (text.starts_with(kMark)) {
      const size_t line = std::min(text.find('\n'), text.size());
      const std::string_view name = text.substr(kMark.size(), line - kMark.size());
      text.remove_prefix(std::min(line + 1, text.size()));
      const size_t end = std::min(text.find(std::string("\n") + std::string(kMark)), text.size());
      const std::string_view bytes = text.substr(0, end);
      if (std::find(std::begin(kFiles), std::end(kFiles), name) == std::end(kFiles)) return false;
      if ((name == "data.yaml" || name == "list.txt") && leads_out(bytes)) return false;
      require(!!write_file(set() / name, bytes), "a file can be written");
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
  }

  // What was written lies in `out` alone.
  bool is_tidy() const {
    return std::all_of(fs::directory_iterator(folder_.path()), fs::directory_iterator(),
                       [](const fs::directory_entry& entry) {
                         return entry.path().filename() == "set" ||
                                entry.path().filename() == "out";
                       });
  }

 private:
  TestFolder folder_;
};

void expect_sound(const Dataset& dataset) {
  for (const Sample& sample : dataset.samples) {
    require(sample.width > 0 && sample.height > 0, "samples have a size");
    for (const Truth& truth : sample.truth)
      require(truth.class_id >= 0 && static_cast<size_t>(truth.class_id) < dataset.names.size() &&
                  truth.width >= 0 && truth.height >= 0,
              "truth has a class of the data set, and sides");
  }
}

std::vector<Truth> without_crowds(std::vector<Truth> truth) {
  std::erase_if(truth, [](const Truth& t) { return t.crowd; });
  return truth;
}

bool same_boxes(const std::vector<Truth>& a, const std::vector<Truth>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Truth& x, const Truth& y) {
    return x.class_id == y.class_id && x.x == y.x && x.y == y.y && x.width == y.width &&
           x.height == y.height;
  });
}

void expect_same(const Dataset& dataset, const Dataset& back, DatasetFormat format) {
  require(back.names == dataset.names, "classes that are written read back");
  require(back.samples.size() == dataset.samples.size(), "samples that are written read back");
  // Of YOLO's rows some are refused or lose digits.
  for (size_t i = 0; format != DatasetFormat::kYolo && i < back.samples.size(); ++i) {
    const std::vector<Truth>& truth = dataset.samples[i].truth;
    require(same_boxes(format == DatasetFormat::kVoc ? without_crowds(truth) : truth,
                       back.samples[i].truth),
            "boxes that are written read back");
  }
}

void convert(const SetFolder& folder, const Dataset& dataset, DatasetFormat format) {
  const SplitSource split{"val", &dataset};
  const auto how = format == DatasetFormat::kVoc ? PictureTransfer::kCopy : PictureTransfer::kLink;
  const auto conversion = convert_dataset({&split, 1}, folder.out(), {format, how, {}});
  require(folder.is_tidy(), "all that is written lies in the folder that was named");
  require(fs::exists(folder.out()) == has_value(conversion), "of what fails nothing stays");
  if (!conversion) return;
  const auto back = open_dataset(folder.out(), {});
  require(!!back, "a data set that is written reads back");
  require(conversion->pictures == dataset.samples.size(), "pictures are counted");
  expect_same(dataset, *back, format);
  std::error_code none;
  fs::remove_all(folder.out(), none);
}

}  // namespace

void run_data_set(Bytes input) {
  static const SetFolder folder;
  if (!folder.write(as_text(input))) return;
  (void)has_value(dataset_splits(folder.set()));
  auto dataset = open_dataset(folder.set(), {.pictures = "", .tolerant = true});
  if (!dataset) return;
  expect_sound(*dataset);
  const auto whole = check_dataset(*dataset, {});
  require(has_value(whole) && *whole, "a check that nobody ends comes to its end");
  if (dataset->samples.empty()) return;
  for (const DatasetFormat format :
       {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc})
    convert(folder, *dataset, format);
}

std::vector<std::string> data_set_seeds() {
  return {
      "@@ data.yaml\nval: images\nnames: [cat, dog]\n@@ labels/a.txt\n0 .5 .5 .25 .5\n"
      "1 0.1 0.1 0.5 0.1 0.5 0.9",
      "@@ data.yaml\nval: list.txt\nnames: {0: cat, 1: 'big dog'}\n@@ list.txt\nimages/b.pgm\n"
      "./images/a.pgm\n@@ labels/a.txt\n1 .5 .5 1 1",
      "@@ annotations/instances_val.json\n"
      R"({"images": [{"id": 7, "file_name": "a.pgm", "width": 8, "height": 6},
{"id": 3, "file_name": "b.pgm"}], "annotations": [
{"id": 1, "image_id": 7, "category_id": 3, "bbox": [1.5, 2, 3, 4e0], "area": 6, "iscrowd": 0},
{"id": 2, "image_id": 3, "category_id": 5, "bbox": [0, 0, 5, 5], "iscrowd": 1}],
"categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}]})",
      "@@ Annotations/a.xml\n"
      R"(<annotation><filename>a.pgm</filename><size><width>8</width><height>6</height></size>
<object><name>cat</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5.5</xmax>
<ymax>6</ymax></bndbox></object></annotation>)"
      "\n@@ Annotations/b.xml\n<annotation><object><name>dog</name><bndbox><xmin>1</xmin>"
      "<ymin>1</ymin><xmax>8</xmax><ymax>6</ymax></bndbox></object></annotation>\n"
      "@@ ImageSets/Main/val.txt\nb  1\na -1\n@@ labels.txt\ndog\ncat"};
}

}  // namespace shrike::fuzz
