#include "data/test_set.h"

namespace shrike {
namespace {

class Voc : public DataTest {
 protected:
  static std::string object(const std::string& name, const std::string& box,
                            const std::string& more = "") {
    return "<object><name>" + name + "</name>" + more + "<bndbox>" + box + "</bndbox></object>\n";
  }
  static std::string box(const std::string& xmin, const std::string& ymin, const std::string& xmax,
                         const std::string& ymax) {
    return "<xmin>" + xmin + "</xmin><ymin>" + ymin + "</ymin><xmax>" + xmax + "</xmax><ymax>" +
           ymax + "</ymax>";
  }
  static std::string annotation(const std::string& objects, int width = 64, int height = 32) {
    return "<annotation><filename>x.jpg</filename><size><width>" + std::to_string(width) +
           "</width><height>" + std::to_string(height) + "</height><depth>3</depth></size>\n" +
           objects + "</annotation>\n";
  }

  void make_set() const {
    picture("JPEGImages/a.png", 64, 32);
    picture("JPEGImages/b.png", 64, 32);
    picture("JPEGImages/c.png", 64, 32);
    file("Annotations/a.xml",
         annotation(object("dog", box("1", "1", "64", "32")) +
                    object("cat", box("2.5", "3", "4.5", "10"), "<difficult>1</difficult>")));
    file("Annotations/b.xml",
         annotation("<object><name>person</name><difficult>0</difficult><part><name>head</name>"
                    "<bndbox>" +
                    box("9", "9", "9", "9") + "</bndbox></part><bndbox>" +
                    box(" 5 ", "5", "5", "5") + "</bndbox></object>"));
    file("ImageSets/Main/val.txt", "b\r\na\n");
    file("ImageSets/Main/train.txt", "c\n");
    file("ImageSets/Main/dog_train.txt", "c -1\n");
  }
};

TEST_F(Voc, PixelsCountFromOneAndBothEndsAreInside) {
  make_set();
  const Dataset dataset = open("");
  EXPECT_EQ(dataset.format, DatasetFormat::kVoc);
  EXPECT_EQ(dataset.split, "val");
  EXPECT_EQ(dataset.names, (std::vector<std::string>{"cat", "dog", "person"}));
  ASSERT_EQ(dataset.samples.size(), 2u);
  EXPECT_EQ(dataset.samples[0].picture, at("JPEGImages/b.png"));
  EXPECT_EQ(dataset.samples[0].truth, (std::vector{Truth{4, 4, 1, 1, 1, 2, false, false}}));
  EXPECT_EQ(dataset.samples[1].id, 1);
  EXPECT_EQ(dataset.samples[1].truth, (std::vector{Truth{0, 0, 64, 32, 2048, 1, false, false},
                                                   Truth{1.5, 2, 3, 8, 24, 0, false, true}}));
  EXPECT_TRUE(dataset.findings.empty());
}

TEST_F(Voc, SplitsAndNames) {
  make_set();
  EXPECT_EQ(*dataset_splits(at("")), (std::vector<std::string>{"train", "val"}));
  DatasetOptions options;
  options.split = "train";
  const Dataset background = open("", options);
  ASSERT_EQ(background.samples.size(), 1u);
  EXPECT_TRUE(background.samples[0].truth.empty());
  EXPECT_EQ(background.names.size(), 3u) << "those of all splits";
  options.split = "dog_train";
  EXPECT_EQ(open("", options).samples[0].picture, at("JPEGImages/c.png"));
  options.split = "test";
  EXPECT_TRUE(says(refusal("", options), "no split test; there are train, val"));

  file("labels.txt", "person\ndog\n");
  const Dataset named = open("");
  EXPECT_EQ(named.names, (std::vector<std::string>{"person", "dog"}));
  EXPECT_EQ(named.samples[1].truth.size(), 1u);
  ASSERT_EQ(named.findings.size(), 1u);
  EXPECT_EQ(finding_text(named.findings[0]),
            at("Annotations/a.xml").string() + ":3: unknown class: cat");
  file("labels.txt", "dog\ndog\n");
  EXPECT_TRUE(says(refusal(""), "there twice"));
  file("labels.txt", "\n");
  EXPECT_TRUE(says(refusal(""), "no class names"));
}

TEST_F(Voc, AnnotationsBesideTheirPictures) {
  picture("b.png", 64, 32);
  picture("a.jpg", 64, 32);
  picture("c.jpg", 64, 32);
  file("a.xml", annotation(object("x", box("1", "1", "2", "2"))));
  file("c.xml", annotation("", 32, 64));
  file("gone.xml", annotation(""));
  const Dataset dataset = open("");
  EXPECT_EQ(dataset.split, "");
  ASSERT_EQ(dataset.samples.size(), 3u);
  EXPECT_EQ(dataset.samples[0].picture, at("a.jpg"));
  EXPECT_EQ(dataset.samples[0].truth.size(), 1u);
  ASSERT_EQ(dataset.findings.size(), 2u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kWrongSize);
  EXPECT_EQ(dataset.findings[1].kind, FindingKind::kMissingPicture);
  EXPECT_EQ(dataset.findings[1].file, at("x.jpg"));
}

TEST_F(Voc, SizesThatNoPictureHasAreFound) {
  picture("a.png", 64, 32);
  constexpr std::pair<const char*, const char*> kSizes[] = {{"1000000000000", "1000000000000x32"},
                                                            {"-64", "-64x32"},
                                                            {"64.5", "64.5x32"},
                                                            {"64.0", ""},
                                                            {"0", ""},
                                                            {"wide", ""}};
  for (const auto& [width, said] : kSizes) {
    file("a.xml", "<annotation><size><width>" + std::string(width) +
                      "</width><height>32</height></size></annotation>");
    const Dataset dataset = open("");
    ASSERT_EQ(dataset.findings.size(), *said ? 1u : 0u) << width;
    if (!*said) continue;
    EXPECT_EQ(dataset.findings[0].kind, FindingKind::kWrongSize);
    EXPECT_EQ(dataset.findings[0].detail,
              "the file says " + std::string(said) + ", the picture is 64x32");
  }
}

// What is read may be copied on: COCO's names are held to that, too.
TEST_F(Voc, ListsStayInTheDataSet) {
  picture("JPEGImages/a.jpg", 64, 32);
  picture("secret.jpg", 64, 32);
  for (const std::string& name : {std::string("../secret"), at("secret").string()}) {
    file("ImageSets/Main/val.txt", "a\n" + name + "\n");
    EXPECT_TRUE(says(refusal(""), "leads out of the data set: " + name));
  }
  file("ImageSets/Main/val.txt", "a\nbelow/a\n");
  EXPECT_EQ(open("").samples.size(), 1u);
}

TEST_F(Voc, APictureOfTwoAnnotationsIsFound) {
  picture("JPEGImages/x.jpg", 64, 32);
  file("Annotations/a.xml", annotation(object("x", box("1", "1", "2", "2"))));
  file("Annotations/x.xml", annotation(""));
  const Dataset dataset = open("");
  ASSERT_EQ(dataset.findings.size(), 1u);
  EXPECT_EQ(dataset.findings[0].kind, FindingKind::kDuplicatePicture);
  EXPECT_EQ(dataset.findings[0].file, at("JPEGImages/x.jpg"));
}

TEST_F(Voc, WhatIsWrongIsFound) {
  picture("a.png", 64, 32);
  picture("b.png", 64, 32);
  picture("c.png", 64, 32);
  file("a.xml", annotation(object("x", box("1", "1", "2", "")) +       // line 2
                           object("x", box("5", "5", "2", "9")) +      // 3
                           object("", box("1", "1", "2", "2")) +       // 4
                           "<object><name>x</name></object>\n" +       // 5
                           object("x", box("1", "1", "1e400", "2")) +  // 6
                           object("x", box("60", "20", "90", "30")) +  // 7
                           object("x", box("3", "3", "4", "4")) +      // 8
                           object("x", box("3", "3", "4", "4"))));     // 9
  file("b.xml", "<!DOCTYPE annotation [<!ENTITY a \"b\">]><annotation>&a;</annotation>");
  file("c.xml", "<annotations/>");
  const Dataset dataset = open("");
  ASSERT_EQ(dataset.samples.size(), 1u);
  EXPECT_EQ(dataset.samples[0].truth.size(), 3u);
  std::vector<std::string> found;
  for (const Finding& f : dataset.findings)
    found.push_back(std::string(finding_name(f.kind)) + " " + f.file.filename().string() + " " +
                    std::to_string(f.row));
  EXPECT_EQ(found,
            (std::vector<std::string>{
                "malformed_row a.xml 2", "malformed_row a.xml 3", "malformed_row a.xml 4",
                "malformed_row a.xml 5", "malformed_row a.xml 6", "out_of_range a.xml 7",
                "duplicate_row a.xml 9", "unreadable_label b.xml 0", "unreadable_label c.xml 0"}));
}

}  // namespace
}  // namespace shrike
