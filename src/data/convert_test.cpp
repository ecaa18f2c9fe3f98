#include "data/convert.h"

#include <unistd.h>

#include <cmath>
#include <random>

#include "data/number.h"
#include "data/test_set.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> entries(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

class Convert : public DataTest {
 protected:
  Result<Conversion> convert(const Dataset& dataset, DatasetFormat format, const std::string& out,
                             PictureTransfer pictures = PictureTransfer::kLink) const {
    const SplitSource split{"val", &dataset};
    return convert_dataset({&split, 1}, at(out), {format, pictures, {}});
  }

  // Pictures of awkward sizes with boxes on whole pixels, with two decimals, as fractions of the
  // sides, sticking out; some without any.
  Dataset made_up(unsigned seed) const {
    std::mt19937 random(seed);
    Dataset dataset;
    dataset.names = {"cat", "a & <b>", "it's \"c\": d"};
    dataset.category_ids = {3, 7, 90};
    for (int i = 0; i < 24; ++i) {
      const int width = 33 + static_cast<int>(random() % 2000);
      const int height = 33 + static_cast<int>(random() % 2000);
      Sample sample{picture("source/" + std::to_string(100 + i) + ".png", width, height),
                    5 + 2 * i,
                    width,
                    height,
                    {}};
      for (unsigned n = random() % 8; n > 0; --n)
        sample.truth.push_back(box(random, width, height));
      dataset.samples.push_back(std::move(sample));
    }
    return dataset;
  }

  static Truth box(std::mt19937& random, int width, int height) {
    const auto number = [&](int most) -> double {
      const auto whole = static_cast<double>(random() % static_cast<unsigned>(most));
      // Of smaller fractions YOLO's numbers lose the last bits (convert.h).
      if (whole < 2 || random() % 3 == 0) return whole;
      if (random() % 2 == 0) return whole + static_cast<double>(random() % 100) / 100;
      return whole + std::ldexp(static_cast<double>(random()), -32);
    };
    Truth t;
    t.x = number(width - 1);
    t.y = number(height - 1);
    t.width = random() % 5 == 0 ? 32 : number(width - static_cast<int>(t.x)) + 1;
    t.height = random() % 5 == 0 ? 32 : number(height - static_cast<int>(t.y)) + 1;
    if (t.x + t.width / 2 > width) t.x = 0;
    if (t.y + t.height / 2 > height) t.y = 0;
    t.area = t.width * t.height;
    t.class_id = static_cast<int>(random() % 3);
    return t;
  }

  static void expect_same(const Dataset& a, const Dataset& b) {
    EXPECT_EQ(a.names, b.names);
    ASSERT_EQ(a.samples.size(), b.samples.size());
    for (size_t i = 0; i < a.samples.size(); ++i) {
      EXPECT_EQ(a.samples[i].picture.filename(), b.samples[i].picture.filename());
      EXPECT_EQ(a.samples[i].width, b.samples[i].width);
      EXPECT_EQ(a.samples[i].truth, b.samples[i].truth) << a.samples[i].picture;
    }
  }
};

// The same set in three formats is the same truth, to the last bit, and so has the same scores.
TEST_F(Convert, ThreeFormatsSayTheSame) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Dataset source = made_up(seed);
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc}) {
    const std::string name(format_name(format));
    const auto conversion = convert(source, format, name);
    ASSERT_TRUE(conversion) << conversion.error().message;
    EXPECT_EQ(conversion->pictures, source.samples.size());
    EXPECT_EQ(conversion->areas_lost, 0u);
    const Dataset read = open(name);
    EXPECT_EQ(read.format, format);
    expect_same(source, read);
    // And on from there, in a circle.
    for (const auto next : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc}) {
      const std::string onward = name + "-" + std::string(format_name(next));
      ASSERT_TRUE(convert(read, next, onward));
      expect_same(source, open(onward));
    }
  }
  const Dataset coco = open("coco");
  EXPECT_EQ(coco.category_ids, source.category_ids);
  EXPECT_EQ(coco.samples[3].id, source.samples[3].id);
}

TEST_F(Convert, WritesWhatOtherProgramsRead) {
  Dataset source;
  source.names = {"cat", "dog"};
  source.category_ids = {0, 1};
  source.samples.push_back({picture("p/a.png", 100, 50), 0, 100, 50, {}});
  source.samples.back().truth = {{10, 5, 20, 10, 200, 1, false, false},
                                 {0.5, 0, 100, 50, 5000, 0, false, false}};
  ASSERT_TRUE(convert(source, DatasetFormat::kYolo, "yolo"));
  EXPECT_EQ(entries(at("yolo")),
            (std::vector<std::string>{"data.yaml", "images", "images/val", "images/val/a.png",
                                      "labels", "labels/val", "labels/val/a.txt"}));
  EXPECT_EQ(*read_text(at("yolo/labels/val/a.txt"), ErrorKind::kInput),
            "1 0.2 0.2 0.2 0.2\n0 0.505 0.5 1 1\n");
  EXPECT_EQ(*read_text(at("yolo/data.yaml"), ErrorKind::kInput),
            "path: .\nval: \"images/val\"\nnames:\n  0: \"cat\"\n  1: \"dog\"\n");
  ASSERT_TRUE(convert(source, DatasetFormat::kCoco, "coco"));
  EXPECT_EQ(*read_text(at("coco/annotations/instances_val.json"), ErrorKind::kInput),
            "{\"images\":[\n"
            "{\"id\":0,\"file_name\":\"a.png\",\"width\":100,\"height\":50}],\n"
            "\"annotations\":[\n"
            "{\"id\":1,\"image_id\":0,\"category_id\":1,\"bbox\":[10.0,5.0,20.0,10.0],"
            "\"area\":200.0,\"iscrowd\":0},\n"
            "{\"id\":2,\"image_id\":0,\"category_id\":0,\"bbox\":[0.5,0.0,100.0,50.0],"
            "\"area\":5000.0,\"iscrowd\":0}],\n"
            "\"categories\":[\n{\"id\":0,\"name\":\"cat\"},\n{\"id\":1,\"name\":\"dog\"}]}\n");
  ASSERT_TRUE(convert(source, DatasetFormat::kVoc, "voc"));
  EXPECT_EQ(entries(at("voc")),
            (std::vector<std::string>{"Annotations", "Annotations/a.xml", "ImageSets",
                                      "ImageSets/Main", "ImageSets/Main/val.txt", "JPEGImages",
                                      "JPEGImages/a.png", "labels.txt"}));
  const std::string xml = *read_text(at("voc/Annotations/a.xml"), ErrorKind::kInput);
  EXPECT_TRUE(says(xml, "<xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>15</ymax>")) << xml;
  EXPECT_TRUE(says(xml, "<xmin>1.5</xmin><ymin>1</ymin><xmax>100.5</xmax><ymax>50</ymax>")) << xml;
}

TEST_F(Convert, LabelFilesComeBackAsTheyWere) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::string labels =
      "0 0.117969 0.729167 0.182812 0.216667\n0 0.186719 0.886458 0.173437 0.222917\n";
  for (int i = 0; i < 200; ++i) {
    labels += "1";
    for (const int most : {400'000, 400'000, 500'000, 500'000})
      labels += " " + number_text((most + static_cast<int>(random() % 100'000)) / 1e6);
    labels += "\n";
  }
  picture("images/a.png", 640, 480);
  file("labels/a.txt", labels);
  file("data.yaml", "val: images\nnames: [a, b]\n");
  ASSERT_TRUE(convert(open("data.yaml"), DatasetFormat::kCoco, "coco"));
  ASSERT_TRUE(convert(open("coco"), DatasetFormat::kYolo, "yolo"));
  EXPECT_EQ(*read_text(at("yolo/labels/val/a.txt"), ErrorKind::kInput), labels);
}

TEST_F(Convert, PicturesAreLinkedOrCopied) {
  const Dataset source = made_up(1);
  ASSERT_TRUE(convert(source, DatasetFormat::kYolo, "linked"));
  ASSERT_TRUE(convert(source, DatasetFormat::kYolo, "copied", PictureTransfer::kCopy));
  EXPECT_TRUE(fs::is_symlink(at("linked/images/val/100.png")));
  EXPECT_FALSE(fs::is_symlink(at("copied/images/val/100.png")));
  EXPECT_EQ(*read_text(at("copied/images/val/100.png"), ErrorKind::kInput),
            *read_text(at("source/100.png"), ErrorKind::kInput));
}

TEST_F(Convert, WhatAFormatCannotSayIsCounted) {
  Dataset source;
  source.names = {"cat"};
  source.category_ids = {1};
  source.samples.push_back({picture("p/a.png", 100, 50), 0, 100, 50, {}});
  source.samples.back().truth = {{10, 5, 20, 10, 200, 0, true, false},
                                 {11, 5, 20, 10, 200, 0, false, true},
                                 {12, 5, 20, 10, 150, 0, false, false}};
  const auto yolo = convert(source, DatasetFormat::kYolo, "yolo");
  ASSERT_TRUE(yolo);
  EXPECT_EQ(yolo->instances, 1u);
  EXPECT_EQ(yolo->crowds_left_out, 1u);
  EXPECT_EQ(yolo->ignored_left_out, 1u);
  EXPECT_EQ(yolo->areas_lost, 1u);
  EXPECT_EQ(open("yolo").samples[0].truth.size(), 1u);
  const auto coco = convert(source, DatasetFormat::kCoco, "coco");
  ASSERT_TRUE(coco);
  EXPECT_EQ(coco->instances, 3u);
  EXPECT_EQ(coco->ignored_counted, 1u);
  const std::vector<Truth> read = open("coco").samples[0].truth;
  EXPECT_EQ(read[0], source.samples[0].truth[0]);
  EXPECT_EQ(read[2], source.samples[0].truth[2]);
  const auto voc = convert(source, DatasetFormat::kVoc, "voc");
  ASSERT_TRUE(voc);
  EXPECT_EQ(voc->instances, 2u);
  EXPECT_EQ(voc->crowds_left_out, 1u);
  EXPECT_EQ(open("voc").samples[0].truth[0], source.samples[0].truth[1]);
}

TEST_F(Convert, NamesThatClashOrAreOfNoUseAreChanged) {
  Dataset source;
  source.names = {"cat"};
  source.category_ids = {0};
  const char* names[] = {
      "b/x.png",    "a/x.png",         "a/x.jpg",    "a/x_2.png",  "a/frame 1.png",
      "a/.dot.png", "a/new\nline.png", "a/end .png", "a/\xff.png", "a/\xEF\xBB\xBFmark.png"};
  int64_t id = 0;
  for (const char* name : names) {
    source.samples.push_back({picture(name, 40, 40), id, 40, 40, {}});
    source.samples.back().truth = {{static_cast<double>(id++), 1, 4, 4, 16, 0, false, false}};
  }
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc}) {
    const std::string name(format_name(format));
    ASSERT_TRUE(convert(source, format, name));
    const Dataset read = open(name);
    EXPECT_TRUE(read.findings.empty());
    ASSERT_EQ(read.samples.size(), std::size(names));
    for (size_t i = 0; i < std::size(names); ++i)
      EXPECT_EQ(read.samples[i].truth, source.samples[i].truth) << i;
    EXPECT_EQ(read.samples[0].picture.filename(), "x.png");
    EXPECT_EQ(read.samples[4].picture.filename(), "frame 1.png");
  }
}

// As COCO files may have it, and splits of a data set.
TEST_F(Convert, APictureWithOtherObjectsEachTimeLosesNone) {
  Dataset source;
  source.names = {"cat"};
  source.category_ids = {0};
  const fs::path shared = picture("a/x.png", 40, 40);
  for (int64_t id = 0; id < 3; ++id)
    source.samples.push_back(
        {shared, id, 40, 40, {{static_cast<double>(id), 1, 4, 4, 16, 0, false, false}}});
  Dataset other = source;
  other.samples.erase(other.samples.begin(), other.samples.begin() + 2);
  const SplitSource splits[] = {{"train", &source}, {"val", &other}};
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc}) {
    const std::string name(format_name(format));
    const auto done = convert_dataset(splits, at(name), {format, PictureTransfer::kLink, {}});
    ASSERT_TRUE(done) << done.error().message;
    for (const SplitSource& split : splits) {
      DatasetOptions options;
      options.split = split.name;
      const Dataset read = open(name, options);
      EXPECT_TRUE(read.findings.empty()) << name;
      ASSERT_EQ(read.samples.size(), split.dataset->samples.size()) << name;
      for (size_t i = 0; i < read.samples.size(); ++i)
        EXPECT_EQ(read.samples[i].truth, split.dataset->samples[i].truth) << name << " " << i;
    }
  }
}

TEST_F(Convert, SplitsOfAnyName) {
  const Dataset source = made_up(4);
  for (const std::string name : {"my val: #1", "~", "dev-test"}) {
    const SplitSource split{name, &source};
    ASSERT_TRUE(convert_dataset({&split, 1}, at("as " + name), {}));
    DatasetOptions options;
    options.split = name;
    EXPECT_EQ(open("as " + name, options).samples.size(), source.samples.size()) << name;
  }
  const SplitSource reserved{"names", &source};
  const auto refused = convert_dataset({&reserved, 1}, at("reserved"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
}

TEST_F(Convert, SplitsStandBesideEachOther) {
  Dataset train = made_up(2), val = train;
  val.samples.resize(5);
  const SplitSource splits[] = {{"train2017", &train}, {"val2017", &val}};
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc}) {
    const std::string name(format_name(format));
    const auto done = convert_dataset(splits, at(name), {format, PictureTransfer::kLink, {}});
    ASSERT_TRUE(done) << done.error().message;
    // VOC has a picture of two splits once.
    EXPECT_EQ(done->pictures, format == DatasetFormat::kVoc
                                  ? train.samples.size()
                                  : train.samples.size() + val.samples.size());
    DatasetOptions options;
    options.split = format == DatasetFormat::kVoc ? "val2017" : "val";
    expect_same(val, open(name, options));
    options.split = format == DatasetFormat::kVoc ? "train2017" : "train";
    expect_same(train, open(name, options));
  }
}

TEST_F(Convert, LeavesNothingHalfDone) {
  const Dataset source = made_up(3);
  const SplitSource split{"val", &source};
  size_t calls = 0;
  const auto stopped = convert_dataset(
      {&split, 1}, at("out"),
      {DatasetFormat::kYolo, PictureTransfer::kCopy, [&](size_t, size_t) { return ++calls < 4; }});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(entries(folder_.path()).size(), source.samples.size() + 1) << "source and its pictures";

  file("full/x", "");
  file("a-file", "");
  fs::create_directory(at("empty"));
  for (const char* name : {"full", "a-file"}) {
    const auto refused = convert(source, DatasetFormat::kCoco, name);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  }
  EXPECT_TRUE(convert(source, DatasetFormat::kCoco, "empty/"));
  EXPECT_FALSE(open("empty").samples.empty());

  Dataset twins = source;
  twins.names = {"a", "a", "b"};
  const auto refused = convert(twins, DatasetFormat::kVoc, "voc");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(says(refused.error().message, "two classes called 'a'"));
  EXPECT_FALSE(fs::exists(at("voc")));
  // What reading a list takes away.
  for (const char* name : {"", " a", "a ", "\xEF\xBB\xBF",
                           "\xEF\xBB\xBF"
                           "a",
                           "a\nb"}) {
    twins.names[0] = name;
    EXPECT_FALSE(convert(twins, DatasetFormat::kVoc, "voc")) << name;
  }
  Dataset nameless = source;
  nameless.names.clear();
  for (Sample& sample : nameless.samples) sample.truth.clear();
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kVoc}) {
    const auto classless = convert(nameless, format, "classless");
    ASSERT_FALSE(classless);
    EXPECT_TRUE(says(classless.error().message, "without classes"));
  }
  EXPECT_TRUE(convert(nameless, DatasetFormat::kCoco, "classless"));
  EXPECT_EQ(open("classless").samples.size(), source.samples.size());
  Dataset latin = source;
  latin.names = {"caf\xE9", "b", "c"};
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc})
    EXPECT_FALSE(convert(latin, format, "latin"));
  const SplitSource nowhere{"../val", &source};
  EXPECT_FALSE(convert_dataset({&nowhere, 1}, at("o"), {DatasetFormat::kYolo, {}, {}}));
  EXPECT_FALSE(convert_dataset({}, at("o"), {DatasetFormat::kYolo, {}, {}}));
}

TEST_F(Convert, NeitherALongNameNorWhatAKilledProcessLeftIsInTheWay) {
  const Dataset source = made_up(4);
  const std::string process = std::to_string(::getpid());
  fs::create_directory(at("out." + process));
  for (int i = 0; i < 50; ++i)
    fs::create_directory(at(".shrike." + process + "." + std::to_string(i)));
  const size_t before = entries(folder_.path()).size();
  for (const std::string& name : {std::string("out"), std::string(255, 'n')}) {
    const auto converted = convert(source, DatasetFormat::kYolo, name);
    ASSERT_TRUE(converted) << converted.error().message;
    EXPECT_EQ(open(name).samples.size(), source.samples.size());
    fs::remove_all(at(name));
  }
  EXPECT_EQ(entries(folder_.path()).size(), before);
}

TEST_F(Convert, ErrorsNameTheFilesPlace) {
  Dataset source = made_up(5);
  source.samples[3].picture = at("source/none.png");
  const auto refused = convert(source, DatasetFormat::kYolo, "a/b/out", PictureTransfer::kCopy);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRuntime);
  EXPECT_TRUE(says(refused.error().message, at("a/b/out/images/val/none.png").string()))
      << refused.error().message;
  EXPECT_FALSE(fs::exists(at("a"))) << "nothing is left";
}

}  // namespace
}  // namespace shrike
