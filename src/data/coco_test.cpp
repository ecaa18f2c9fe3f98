#include "data/test_set.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

class Coco : public DataTest {
 protected:
  // Pictures 3 (64x32) and 10 (32x64), categories 1 and 44.
  std::string json(const std::string& annotations) const {
    return R"({"info":{"year":2017},"licenses":[{"id":1,"name":"x"}],
      "images":[{"id":10,"file_name":"b.png","width":32,"height":64},
                {"id":3,"file_name":"a.png","width":64,"height":32,"coco_url":"http://x"}],
      "annotations":[)" +
           annotations + R"(],
      "categories":[{"id":44,"name":"bottle"},{"id":1,"name":"person"}]})";
  }
  void make_pictures(const std::string& folder) const {
    picture(folder + "/a.png", 64, 32);
    picture(folder + "/b.png", 32, 64);
  }
};

TEST_F(Coco, EverythingAsTheFileHasIt) {
  make_pictures("val2017");
  file("annotations/instances_val2017.json",
       json(R"({"id":7,"image_id":3,"category_id":44,"bbox":[1.5,2.25,10.1,20],"area":33.3,
                "iscrowd":1,"segmentation":{"counts":[1,2,3],"size":[4,4]}},
               {"id":8,"image_id":3,"category_id":1,"bbox":[-4,0,80,32],"iscrowd":0,
                "segmentation":[[1,2,3,4,5,6]]},
               {"id":9,"image_id":3,"category_id":1,"bbox":[1,1,0,5],"area":0},
               {"id":6,"image_id":10,"category_id":1,"bbox":[1,1,3,4],"ignore":1},
               {"id":5,"image_id":10,"category_id":1,"bbox":[1,1,3,4]})"));
  for (const char* name : {"annotations/instances_val2017.json", ""}) {
    const Dataset dataset = open(name);
    EXPECT_EQ(dataset.format, DatasetFormat::kCoco);
    EXPECT_EQ(dataset.split, "");
    EXPECT_EQ(dataset.names, (std::vector<std::string>{"person", "bottle"}));
    EXPECT_EQ(dataset.category_ids, (std::vector<int64_t>{1, 44}));
    ASSERT_EQ(dataset.samples.size(), 2u);
    EXPECT_EQ(dataset.samples[0].id, 3);
    EXPECT_EQ(dataset.samples[0].picture, at("val2017/a.png"));
    EXPECT_EQ(dataset.samples[0].width, 64);
    EXPECT_EQ(dataset.samples[0].truth,
              (std::vector{Truth{1.5, 2.25, 10.1, 20, 33.3, 1, true, false},
                           Truth{-4, 0, 80, 32, 2560, 0, false, false},
                           Truth{1, 1, 0, 5, 0, 0, false, false}}));
    // Twice the same object counts twice, and "ignore" says nothing, as with pycocotools.
    EXPECT_EQ(dataset.samples[1].truth, (std::vector{Truth{1, 1, 3, 4, 12, 0, false, false},
                                                     Truth{1, 1, 3, 4, 12, 0, false, false}}));
    std::vector<std::string> found;
    for (const Finding& f : dataset.findings)
      found.push_back(std::string(finding_name(f.kind)) + " " + std::to_string(f.row));
    EXPECT_EQ(found,
              (std::vector<std::string>{"out_of_range 8", "out_of_range 9", "duplicate_row 5"}));
  }
}

TEST_F(Coco, PicturesWithoutAnnotationsAreBackground) {
  make_pictures("images");
  file("all.json", R"({"images":[{"id":10,"file_name":"b.png"},{"id":3,"file_name":"a.png"}],
                       "categories":[{"id":0,"name":"x"}]})");
  const Dataset dataset = open("all.json");
  ASSERT_EQ(dataset.samples.size(), 2u);
  EXPECT_TRUE(dataset.samples[0].truth.empty());
  EXPECT_EQ(dataset.samples[1].height, 64);
}

TEST_F(Coco, FoldersOfPictures) {
  const std::string text = json("");
  for (const char* folder : {"a/val", "b/images", "c/images/val", "d", "e/JPEGImages"}) {
    const std::string root(folder, 1);
    make_pictures(folder);
    file(root + "/annotations/instances_val.json", text);
    EXPECT_EQ(open(root).samples.size(), 2u) << folder;
  }
  make_pictures("far/away");
  file("alone.json", text);
  EXPECT_TRUE(says(refusal("alone.json"), "no folder of pictures: b.png is in none of"));
  DatasetOptions options;
  options.pictures = at("far/away");
  EXPECT_EQ(open("alone.json", options).samples.size(), 2u);
  options.pictures = at("gone");
  EXPECT_TRUE(says(refusal("alone.json", options), "no such folder of pictures"));
}

TEST_F(Coco, PicturesThatCannotBeUsedAreLeftOut) {
  picture("b.png", 64, 64);
  file("a.json", json(R"({"id":1,"image_id":3,"category_id":1,"bbox":[0,0,1,1]})"));
  const Dataset dataset = open("a.json");
  ASSERT_EQ(dataset.samples.size(), 1u);
  ASSERT_EQ(dataset.findings.size(), 2u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kMissingPicture);
  EXPECT_EQ(dataset.findings[1].kind, FindingKind::kWrongSize);
  EXPECT_EQ(dataset.findings[1].detail, "the file says 32x64, the picture is 64x64");
  EXPECT_EQ(dataset.samples[0].width, 64);
}

TEST_F(Coco, SizesThatNoPictureHasAreFound) {
  picture("a.png", 64, 32);
  constexpr std::pair<const char*, const char*> kSizes[] = {
      {R"("width":1000000000000,"height":32)", "1000000000000x32"},
      {R"("width":-64,"height":32)", "-64x32"},
      {R"("width":64.5,"height":1e300)", "64.5x1e+300"},
      {R"("width":64.0,"height":32)", ""},
      {R"("width":0,"height":0)", ""},
      {R"("width":null,"height":"48")", ""}};
  for (const auto& [sides, said] : kSizes) {
    file("a.json",
         std::string(R"({"categories":[],"images":[{"id":4,"file_name":"a.png",)") + sides + "}]}");
    const Dataset dataset = open("a.json");
    ASSERT_EQ(dataset.findings.size(), *said ? 1u : 0u) << sides;
    if (!*said) continue;
    EXPECT_EQ(dataset.findings[0].kind, FindingKind::kWrongSize);
    EXPECT_EQ(dataset.findings[0].detail,
              "the file says " + std::string(said) + ", the picture is 64x32");
  }
}

TEST_F(Coco, ANameDoesNotEndAtANul) {
  picture("a.png", 32, 32);
  file("a.json", R"({"images":[{"id":4,"file_name":"a.png\u0000x"}],"categories":[]})");
  const Dataset dataset = open("a.json");
  EXPECT_TRUE(dataset.samples.empty());
  ASSERT_EQ(dataset.findings.size(), 1u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kMissingPicture);
}

TEST_F(Coco, ContradictionsAreErrorsOrFindings) {
  make_pictures("images");
  struct Case {
    std::string annotations, message;
    FindingKind kind;
  };
  const std::string good = R"({"id":1,"image_id":3,"category_id":1,"bbox":[0,0,5,5]})";
  for (const auto& [annotations, message, kind] : {
           Case{R"({"id":2,"image_id":4,"category_id":1,"bbox":[0,0,5,5]})",
                "annotation 2 is of image 4, which is not defined", FindingKind::kUnknownPicture},
           Case{R"({"id":2,"image_id":3,"category_id":2,"bbox":[0,0,5,5]})",
                "annotation 2 is of category 2, which is not defined", FindingKind::kUnknownClass},
           Case{R"({"id":1,"image_id":10,"category_id":1,"bbox":[0,0,5,5]})",
                "annotation 1 is there twice", FindingKind::kDuplicateRow},
       }) {
    file("a.json", json(good + "," + annotations));
    EXPECT_TRUE(says(refusal("a.json"), message)) << refusal("a.json");
    DatasetOptions options;
    options.tolerant = true;
    const Dataset dataset = open("a.json", options);
    ASSERT_EQ(dataset.findings.size(), 1u);
    EXPECT_EQ(dataset.findings[0].kind, kind);
    EXPECT_EQ(dataset.findings[0].detail, message);
    EXPECT_EQ(dataset.samples[0].truth.size(), 1u);
  }
}

TEST_F(Coco, APictureOfTwoImagesIsFound) {
  picture("a.png", 32, 32);
  file("a.json", R"({"images":[{"id":7,"file_name":"a.png"},{"id":4,"file_name":"a.png"}],)"
                 R"("annotations":[],"categories":[]})");
  const Dataset dataset = open("a.json");
  EXPECT_EQ(dataset.samples.size(), 2u);
  ASSERT_EQ(dataset.findings.size(), 1u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kDuplicatePicture);
  EXPECT_EQ(finding_text(dataset.findings[0]),
            at("a.png").string() + ": duplicate picture: of sample 4 and sample 7");
}

TEST_F(Coco, BoxesThatAreNone) {
  make_pictures("images");
  std::string annotations;
  const char* boxes[] = {"[0,0,5]",   "[0,0,5,\"5\"]", "[0,0,-1,5]", "[0,0,1e300,5]",
                         "{\"x\":1}", "null",          "[[0,0,5,5]]"};
  int id = 0;
  for (const char* box : boxes)
    annotations +=
        R"({"image_id":3,"category_id":1,"id":)" + std::to_string(++id) + ",\"bbox\":" + box + "},";
  file("a.json", json(annotations + R"({"id":99,"image_id":3,"category_id":1,"bbox":[0,0,5,5]})"));
  const Dataset dataset = open("a.json");
  EXPECT_EQ(dataset.samples[0].truth.size(), 1u);
  ASSERT_EQ(dataset.findings.size(), std::size(boxes));
  for (size_t i = 0; i < dataset.findings.size(); ++i) {
    EXPECT_EQ(dataset.findings[i].kind, FindingKind::kMalformedRow);
    EXPECT_EQ(dataset.findings[i].row, static_cast<int64_t>(i + 1));
  }
}

TEST_F(Coco, FilesThatMakeNoSense) {
  make_pictures("images");
  const auto message = [&](const std::string& text) {
    file("a.json", text);
    const std::string refused = refusal("a.json");
    EXPECT_TRUE(says(refused, at("a.json").string())) << refused;
    return refused;
  };
  const std::string image = R"({"id":1,"file_name":"a.png"})";
  const std::string tail = R"(],"categories":[{"id":1,"name":"x"}]})";
  EXPECT_TRUE(says(message(""), "not valid JSON"));
  EXPECT_TRUE(says(message("[1]"), "not an object"));
  EXPECT_TRUE(says(message("{}"), "no images"));
  EXPECT_TRUE(says(message(R"({"images":[]})"), "no categories"));
  EXPECT_TRUE(says(message(R"({"images":[)" + tail), "no images"));
  EXPECT_TRUE(says(message(R"({"images":{}})"), "images is not an array"));
  EXPECT_TRUE(
      says(message(R"({"images":[)" + image + "," + image + tail), "image 1 is there twice"));
  EXPECT_TRUE(
      says(message(R"({"images":[)" + image + R"(,{"id":2})" + tail), "image 2 has no file_name"));
  EXPECT_TRUE(says(message(R"({"images":[)" + image + ",7" + tail), "images[1]: no object"));
  EXPECT_TRUE(
      says(message(R"({"images":[{"id":"x","file_name":"a.png"})" + tail), "images[0]: no id"));
  EXPECT_TRUE(says(message(R"({"images":[{"id":18446744073709551615,"file_name":"a.png"})" + tail),
                   "images[0]: no id"));
  EXPECT_TRUE(
      says(message(R"({"images":[{"id":1.5,"file_name":"a.png"})" + tail), "images[0]: no id"));
  EXPECT_TRUE(
      says(message(R"({"images":[{"id":1,"file_name":"../images/a.png"})" + tail), "leads out"));
  EXPECT_TRUE(
      says(message(R"({"images":[{"id":1,"file_name":"/etc/passwd"})" + tail), "leads out"));
  EXPECT_TRUE(says(message(R"({"images":[)" + image +
                           R"(],"categories":[{"id":1,"name":"a"},{"id":1,"name":"b"}]})"),
                   "category 1 is there twice"));
  EXPECT_TRUE(says(message(R"({"images":[)" + image + R"(],"categories":[{"id":1}]})"),
                   "category 1 has no name"));
  EXPECT_TRUE(says(message(json(R"({"image_id":3})")), "annotations[0]: no id"));
  EXPECT_TRUE(says(message(json(R"({"id":3,"image_id":3})")), "annotation 3 has no"));
}

TEST_F(Coco, TheFileOfASplit) {
  make_pictures("images");
  const auto name = [](const std::string& split) {
    return "annotations/instances_" + split + ".json";
  };
  file(name("train2017"), json(""));
  file(name("val2014"), json(""));
  file(name("val2017"), json(""));
  file(name("test-dev"), json(""));
  file("annotations/captions_val2017.json", "{}");
  EXPECT_EQ(*dataset_splits(at("")),
            (std::vector<std::string>{"train2017", "val2014", "val2017", "test-dev"}));
  DatasetOptions options;
  EXPECT_TRUE(says(refusal("", options), "more than one instances_val*.json"));
  options.split = "val2017";
  EXPECT_EQ(open("", options).source, at(name("val2017")));
  options.split = "train";
  EXPECT_EQ(open("", options).source, at(name("train2017")));
  options.split = "minival";
  EXPECT_TRUE(says(refusal("", options), "no instances_minival*.json"));
}

TEST_F(Coco, NamesOfAnyLengthMakeShortLines) {
  make_pictures("val2017");
  std::string text = json("");
  const std::string name(1'000'000, 'n');
  text.insert(text.find("{\"id\":3,"), R"({"id":5,"file_name":")" + name + R"("},)");
  file("annotations/instances_val2017.json", text);
  Dataset dataset = open("");
  ASSERT_FALSE(dataset.findings.empty());
  for (const Finding& finding : dataset.findings) EXPECT_LT(finding_text(finding).size(), 2000u);
}

}  // namespace
}  // namespace shrike
