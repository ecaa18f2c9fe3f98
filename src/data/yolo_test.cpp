#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <random>

#include "data/number.h"
#include "data/searched_folders.h"
#include "data/test_set.h"
#include "data/yolo_labels.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

std::vector<TruthRow> rows_of(std::string_view text, std::vector<Finding>* findings = nullptr) {
  FindingList list("x.txt");
  auto rows = parse_yolo_labels(text, {200, 100}, 3, list);
  if (findings) *findings = list.take();
  return rows;
}

TEST(YoloLabels, BoxesInPixels) {
  const auto rows = rows_of(
      "\xEF\xBB\xBF"
      "0 0.5 0.5 0.25 0.5\r\n\n  2.0\t1e-1 +0.2 .1 0.2  \n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].truth, (Truth{75, 25, 50, 50, 2500, 0, false, false}));
  EXPECT_EQ(rows[0].row, 1);
  EXPECT_EQ(rows[1].truth, (Truth{10, 10, 20, 20, 400, 2, false, false}));
  EXPECT_EQ(rows[1].row, 3);
}

// Fractions of 17 digits, multiplied as doubles, bring some of these back a little smaller, and so
// to the other side of COCO's 32 * 32.
TEST(YoloLabels, WholePixelsComeBackWhole) {
  for (int side = 39; side < 2000; ++side) {
    FindingList list("x.txt");
    const std::string centre = number_text((7 + 16.0L) / side), width = number_text(32.0L / side);
    const auto rows = parse_yolo_labels("0 " + centre + " " + centre + " " + width + " " + width,
                                        {side, side}, 1, list);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].truth, (Truth{7, 7, 32, 32, 1024, 0, false, false})) << side;
  }
}

TEST(YoloLabels, ThePolygonsBoxCounts) {
  const auto rows = rows_of("1 0.1 0.2 0.3 0.1 0.2 0.5\n");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].truth, (Truth{20, 10, 40, 40, 1600, 1, false, false}));
}

TEST(YoloLabels, BadRowsAreFoundAndLeftOut) {
  std::vector<Finding> findings;
  const auto rows = rows_of(
      "0 0.5 0.5 0.1\n"
      "0 0.5 0.5 0.1 x\n"
      "0.5 0.5 0.5 0.1 0.1\n"
      "0 0.5 0.5 nan 0.1\n"
      "0 0.5 0.5 0.1 1e9999\n"
      "3 0.5 0.5 0.1 0.1\n"
      "-1 0.5 0.5 0.1 0.1\n"
      "99999999999999999999 0.5 0.5 0.1 0.1\n"
      "0 320 240 64 64\n"
      "0 0.5 0.5 -0.005 0.1\n"
      "0 0.5 0.5 0.1 0.1 0.9\n"
      "0 0,5 0,5 0,1 0,1\n"
      "0 0.5 0.5 0x1p-3 0.1\n"
      "1 1.005 0.5 0.1 0.1\n",
      &findings);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row, 14);
  ASSERT_EQ(findings.size(), 13u);
  using enum FindingKind;
  const FindingKind kinds[] = {kMalformedRow, kMalformedRow, kMalformedRow, kMalformedRow,
                               kMalformedRow, kUnknownClass, kUnknownClass, kUnknownClass,
                               kOutOfRange,   kOutOfRange,   kMalformedRow, kMalformedRow,
                               kMalformedRow};
  for (size_t i = 0; i < findings.size(); ++i) {
    EXPECT_EQ(findings[i].kind, kinds[i]) << i << ": " << finding_text(findings[i]);
    EXPECT_EQ(findings[i].row, static_cast<int64_t>(i + 1));
  }
  EXPECT_EQ(finding_text(findings[5]), "x.txt:6: unknown class: class 3, but there are 3");
  EXPECT_EQ(finding_text(findings[7]),
            "x.txt:8: unknown class: class 99999999999999999999, but there are 3");
}

TEST(YoloLabels, AClassOfAnySizeIsANumber) {
  const std::string digits(6000, '7');  // more than a long double holds
  for (const std::string& id : {digits, "-" + digits, std::string("1e40"), std::string("-1e40"),
                                std::string("9300000000000000000")}) {
    std::vector<Finding> findings;
    EXPECT_TRUE(rows_of(id + " 0.5 0.5 0.1 0.1\n", &findings).empty());
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].kind, FindingKind::kUnknownClass) << finding_text(findings[0]);
    EXPECT_LT(findings[0].detail.size(), 400u);
  }
}

TEST(YoloLabels, FindingsOfOneFileAreLimited) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += i < 4000 ? "x\n" : "9 0.5 0.5 0.5 0.5\n";
  std::vector<Finding> findings;
  EXPECT_TRUE(rows_of(text, &findings).empty());
  ASSERT_EQ(findings.size(), 102u);
  EXPECT_EQ(findings[100].kind, FindingKind::kMalformedRow);
  EXPECT_EQ(findings[100].detail, "and 3900 more rows like these");
  EXPECT_EQ(findings[101].kind, FindingKind::kUnknownClass);
  EXPECT_EQ(findings[101].count, 1000u);
  EXPECT_EQ(count_of(findings), 5000u);
}

TEST(YoloLabels, PathOfTheLabelFile) {
  EXPECT_EQ(yolo_label_path("d/images/train/a.jpg"), "d/labels/train/a.txt");
  EXPECT_EQ(yolo_label_path("images/a.b.png"), "labels/a.b.txt");
  EXPECT_EQ(yolo_label_path("/images/x/images/y/a.jpg"), "/images/x/labels/y/a.txt");
  EXPECT_EQ(yolo_label_path("d/a.jpg"), "d/a.txt");
  EXPECT_EQ(yolo_label_path("a.jpg"), "a.txt");
  EXPECT_EQ(yolo_label_path("d/my images/images.jpg"), "d/my images/images.txt");
  EXPECT_EQ(yolo_label_path("d/images"), "d/images.txt");
}

TEST(YoloLabels, DamagedTextsNeverCrash) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 80, '\0');
    for (char& c : text)
      c = random() % 8 ? "0123456789.-+e \n\tx"[random() % 18] : static_cast<char>(random());
    for (const TruthRow& row : rows_of(text)) {
      EXPECT_GE(row.truth.width, 0);
      EXPECT_LT(row.truth.class_id, 3);
    }
  }
}

TEST(LoadSamples, TooLittleMemoryIsAnError) {
  for (const int threads : {1, 3}) {
    Dataset dataset;
    dataset.source = "many.yaml";
    const auto load = [](size_t i) -> Result<LoadedSample> {
      if (i == 40) throw std::bad_alloc();
      return LoadedSample{};
    };
    const Result<void> loaded = load_samples(100, threads, load, dataset);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::kRuntime);
    EXPECT_TRUE(says(loaded.error().message, "many.yaml"));
  }
}

class Yolo : public DataTest {
 protected:
  static std::vector<std::string> names(const Dataset& dataset) {
    std::vector<std::string> all;
    for (const Sample& sample : dataset.samples) all.push_back(sample.picture.filename().string());
    return all;
  }

  // Three pictures of a split: with an object, with an empty label file, without one.
  void make_set() const {
    picture("images/val/b.png", 64, 32);
    picture("images/val/a.jpg", 32, 64);
    picture("images/val/below/c.png", 16, 16);
    file("images/val/notes.txt", "no picture");
    file("images/val/.hidden.png", "no picture");
    file("labels/val/a.txt", "1 0.5 0.5 0.5 0.5\n");
    file("labels/val/b.txt", "");
    file("data.yaml", "path: .\nval: images/val\nnames: [cat, dog]\n");
  }
};

TEST_F(Yolo, FolderWithItsFoldersInTheOrderOfNames) {
  make_set();
  for (const char* name : {"data.yaml", ""}) {
    const Dataset dataset = open(name);
    EXPECT_EQ(dataset.format, DatasetFormat::kYolo);
    EXPECT_EQ(dataset.split, "val");
    EXPECT_EQ(dataset.names, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(dataset.category_ids, (std::vector<int64_t>{0, 1}));
    EXPECT_EQ(names(dataset), (std::vector<std::string>{"a.jpg", "b.png", "c.png"}));
    EXPECT_TRUE(dataset.findings.empty());
    EXPECT_EQ(dataset.samples[0].truth, (std::vector{Truth{8, 16, 16, 32, 512, 1, false, false}}));
    EXPECT_EQ(dataset.samples[0].height, 64);
    EXPECT_EQ(dataset.samples[2].id, 2);
    EXPECT_TRUE(dataset.samples[1].truth.empty());
  }
}

TEST_F(Yolo, ListsPatternsAndListsOfThem) {
  make_set();
  file("sub/some.txt", "./../images/val/b.png\r\nimages/val/a.jpg\n\n./gone.png\n");
  picture("images/val/a2.jpg", 8, 8);
  const auto val = [&](const std::string& entry) {
    file("d.yaml", "val: " + entry + "\nnames: [cat, dog]\n");
    return names(open("d.yaml"));
  };
  EXPECT_EQ(val("sub/some.txt"), (std::vector<std::string>{"b.png", "a.jpg"}));
  EXPECT_EQ(val("images/val/*.jpg"), (std::vector<std::string>{"a.jpg", "a2.jpg"}));
  EXPECT_EQ(val("images/*/below"), (std::vector<std::string>{"c.png"}));
  EXPECT_EQ(val("sub/*.txt"), (std::vector<std::string>{"b.png", "a.jpg"}));
  EXPECT_EQ(val("images/val/*"), (std::vector<std::string>{"a.jpg", "a2.jpg", "b.png", "c.png"}));
  EXPECT_TRUE(open("d.yaml").findings.empty()) << "notes.txt is no list";
  EXPECT_EQ(val("[images/val/below, sub/some.txt]"),
            (std::vector<std::string>{"c.png", "b.png", "a.jpg"}));
  EXPECT_EQ(val("../images/val/below"), (std::vector<std::string>{"c.png"}));
  EXPECT_EQ(val(at("images/val/b.png").string()), (std::vector<std::string>{"b.png"}));
  file("d.yaml", "val: [images/val/below, images/val/below, sub/some.txt]\nnc: 2\n");
  const Dataset dataset = open("d.yaml");
  EXPECT_EQ(dataset.names, (std::vector<std::string>{"class 0", "class 1"}));
  ASSERT_EQ(dataset.findings.size(), 2u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kDuplicatePicture);
  EXPECT_EQ(dataset.findings[1].kind, FindingKind::kMissingPicture);
  EXPECT_EQ(dataset.findings[1].file, at("sub/gone.png"));
}

TEST_F(Yolo, ListsOfTheSamePictureOverAndOver) {
  make_set();
  std::string list;
  for (int i = 0; i < 100'000; ++i) list += "images/val/a.jpg\n";
  for (int i = 0; i < 300; ++i)
    for (int twice = 0; twice < 2; ++twice) list += "gone" + std::to_string(i) + ".png\n";
  file("many.txt", list);
  file("many.yaml", "val: many.txt\nnames: [cat]\n");
  const Dataset dataset = open("many.yaml");
  EXPECT_EQ(dataset.samples.size(), 1u);
  size_t told = 0, counted = 0;
  for (const Finding& finding : dataset.findings) {
    if (finding.kind != FindingKind::kDuplicatePicture) continue;
    ++told;
    counted += finding.count;
  }
  EXPECT_EQ(told, 101u);
  EXPECT_EQ(counted, 301u) << "each picture that is there more than once";
}

TEST_F(Yolo, FoldersNestedTooDeep) {
  make_set();
  std::string name = "images/val/below";
  for (int i = 0; i < 70; ++i) name += "/d";
  picture(name + "/x.png", 8, 8);
  const auto dataset = open_dataset(at("data.yaml"), {});
  ASSERT_FALSE(dataset);
  EXPECT_TRUE(says(dataset.error().message, "nested more than 64 deep"));
}

TEST_F(Yolo, FoldersThatLinkToThemselvesEnd) {
  make_set();
  fs::create_directory_symlink(at("images/val"), at("images/val/below/again"));
  EXPECT_EQ(open("data.yaml").samples.size(), 3u);
}

TEST_F(Yolo, WhatIsWrongIsFoundInOrderForEveryNumberOfThreads) {
  make_set();
  file("images/val/d.jpg", "no picture");
  picture("images/val/e.png", 10, 10);
  file("labels/val/e.txt", "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n");
  picture("images/val/f.png", 100, 100);
  file("labels/val/f.txt", "0 0.99 0.5 0.2 0.2\n1 0.5 0.5 0 0.2\n0 0.5 0.005 0.1 0.02\n");
  picture("images/val/g.png", 10, 10);
  fs::create_directories(at("labels/val/g.txt"));
  for (const int threads : {1, 2, 5}) {
    DatasetOptions options;
    options.threads = threads;
    const Dataset dataset = open("data.yaml", options);
    EXPECT_EQ(names(dataset),
              (std::vector<std::string>{"a.jpg", "b.png", "c.png", "e.png", "f.png"}));
    std::vector<std::string> texts;
    for (const Finding& finding : dataset.findings)
      texts.push_back(finding_name(finding.kind) + std::string(" ") +
                      finding.file.filename().string() + " " + std::to_string(finding.row));
    EXPECT_EQ(texts,
              (std::vector<std::string>{"corrupt_picture d.jpg 0", "unknown_class e.txt 3",
                                        "duplicate_row e.txt 2", "out_of_range f.txt 1",
                                        "out_of_range f.txt 2", "unreadable_label g.txt 0"}));
    EXPECT_EQ(dataset.samples[3].truth.size(), 1u);
    EXPECT_EQ(dataset.samples[4].truth.size(), 3u) << "what sticks out stays";
  }
}

// Nothing is left out for want of file descriptors: that would be other scores.
TEST_F(Yolo, TooFewOpenFilesAreNoDamage) {
  for (int i = 0; i < 40; ++i) {
    picture("images/val/" + std::to_string(i) + ".png", 8, 8);
    file("labels/val/" + std::to_string(i) + ".txt", "0 0.5 0.5 0.2 0.2\n");
  }
  file("data.yaml", "val: images/val\nnames: [cat]\n");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = ::open("/", O_RDONLY);
  ASSERT_GE(lowest, 0);
  ::close(lowest);
  int refused = 0;
  for (const int spare : {1, 1, 1, 2, 3, 100}) {
    const rlimit few{static_cast<rlim_t>(lowest + spare), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto dataset = open_dataset(at("data.yaml"), {.pictures = "", .threads = 16});
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    if (!dataset) {
      EXPECT_EQ(dataset.error().kind, ErrorKind::kRuntime) << dataset.error().message;
      ++refused;
      continue;
    }
    EXPECT_EQ(dataset->samples.size(), 40u);
    EXPECT_TRUE(dataset->findings.empty());
  }
  EXPECT_LT(refused, 6);
}

TEST_F(Yolo, SettingsThatMakeNoSense) {
  make_set();
  const auto message = [&](const std::string& text, const std::string& split = "val") {
    file("d.yaml", text);
    DatasetOptions options;
    options.split = split;
    return refusal("d.yaml", options);
  };
  const std::string names = "names: [a, b]\n";
  EXPECT_TRUE(says(message("val: images/gone\n" + names),
                   "d.yaml: val: no such file or folder: " + at("images/gone").string()));
  EXPECT_TRUE(says(message("val: images/*.x\n" + names), "no picture matches"));
  EXPECT_TRUE(says(message("val: labels\n" + names), "d.yaml: val: no pictures in"));
  EXPECT_TRUE(says(message("val: images/val\n" + names, "test"), "no split test; there are val"));
  EXPECT_TRUE(says(message("val:\n" + names), "no split val"));
  EXPECT_TRUE(says(message("path: gone\nval: images/val\n" + names), "d.yaml:1: path: no such"));
  EXPECT_TRUE(says(message("val: images/val\n"), "neither names nor nc"));
  EXPECT_TRUE(says(message("val: images/val\nnames: {0: a, 2: b}\n"), "class 2, but there are 2"));
  EXPECT_TRUE(says(message("val: images/val\nnames: {0: a, x: b}\n"), "x is no class number"));
  EXPECT_TRUE(says(message("val: images/val\nnames: {0: a, 00: b}\n"), "there twice"));
  EXPECT_TRUE(says(message("val: images/val\nnames: a\n"), "neither a list nor a map"));
  EXPECT_TRUE(says(message("val: images/val\nnames: []\n"), "names is empty"));
  EXPECT_TRUE(says(message("val: images/val\nnc: 3\n" + names), "nc is 3, but there are 2 names"));
  EXPECT_TRUE(says(message("val: images/val\nnc: 2000000000\n"), "nc is over"));
  EXPECT_TRUE(says(message("val: images/val\nnc: -1\n" + names), "nc is not a number"));
  EXPECT_TRUE(says(message("- a\n"), "no keys"));
  EXPECT_TRUE(says(message(""), "no keys"));
  EXPECT_TRUE(says(refusal("gone.yaml"), "no such data set: " + at("gone.yaml").string()));
  EXPECT_TRUE(says(refusal("images"), "no data set in folder"));
  EXPECT_TRUE(says(refusal("images/val/a.jpg"), "not a data set"));
}

TEST_F(Yolo, Splits) {
  make_set();
  file("d.yaml", "path: .\nvalidation: images/val\ntrain: images/val\ntest:\nnames: [a, b]\n");
  const auto splits = dataset_splits(at("d.yaml"));
  ASSERT_TRUE(splits);
  EXPECT_EQ(*splits, (std::vector<std::string>{"train", "val"}));
  EXPECT_EQ(open("d.yaml").samples.size(), 3u);
}

TEST_F(Yolo, WhereItLooksForPictures) {
  make_set();
  file("list.txt", "./images/val/a.jpg\n");
  const auto searched = [&](const std::string& entry) {
    file("d.yaml", "path: .\nval: " + entry + "\nnames: [a, b]\n");
    const auto folders = searched_folders(open("d.yaml"));
    EXPECT_TRUE(folders) << folders.error().message;
    return folders ? *folders : std::vector<fs::path>();
  };
  const std::vector<fs::path> val = {at("images/val")}, images = {at("images")}, none;
  EXPECT_EQ(searched("images/val"), val);
  EXPECT_EQ(searched("../images/val"), val) << "as some exporters write it";
  EXPECT_EQ(searched("images/v*"), images);
  EXPECT_EQ(searched("images/v*/*.jpg"), images);
  EXPECT_EQ(searched("list.txt"), none);
  EXPECT_EQ(searched("images/val/a.jpg"), none);
  EXPECT_EQ(searched("[list.txt, images/val, images]"),
            (std::vector<fs::path>{at("images/val"), at("images")}));
}

}  // namespace
}  // namespace shrike
