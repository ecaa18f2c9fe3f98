// shrike data: what scripts rely on.
#include "fixtures.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Data : public ProgramTest {
 protected:
  Data() {
    picture("d/images/train/a.png");
    picture("d/images/val/b.png");
    picture("d/images/val/c.jpg");
    file("d/labels/train/a.txt", "0 0.5 0.5 0.25 0.5\n");
    file("d/labels/val/b.txt", "1 0.25 0.5 0.25 0.5\n1 0.75 0.5 0.25 0.5\n");
    file("d/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n");
  }

  // "path\n" -> bytes, of every file below a folder; of links their targets.
  static std::string everything_in(const fs::path& folder) {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) all += entry.path().string() + "\n" + bytes_of(entry.path());
    return all;
  }
};

TEST_F(Data, CheckOfACleanSet) {
  const Outcome text = run_shrike({"data", "check", path("d")});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.out, "3 pictures with 3 objects can be used, nothing is wrong\n");
  const Outcome json =
      run_shrike({"data", "check", path("d/data.yaml"), "--split", "val", "--json"});
  EXPECT_EQ(json.code, 0) << json.err;
  const std::vector<Json> lines = json_lines(json.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["splits"][0]["pictures"], 2);
  EXPECT_EQ(lines[0]["splits"][0]["split"], "val");
  EXPECT_TRUE(lines[0]["counts"].empty());
}

TEST_F(Data, CheckListsWhatIsWrongAndChangesNothing) {
  file("d/labels/train/a.txt", "0 0.5 0.5 0.25 0.5\n0 0.5 0.5 0.25 0.5\n7 0.5 0.5 0.1 0.1\nx\n");
  file("d/labels/val/gone.txt", "");
  file("d/images/val/broken.jpg", bytes_of(at("d/images/val/c.jpg")).substr(0, 400));
  const std::string before = everything_in(at("d"));
  const Outcome text = run_shrike({"data", "check", path("d"), "--threads", "2"});
  EXPECT_EQ(text.code, 3);
  EXPECT_EQ(text.err, "");
  const std::string label = path("d/labels/train/a.txt");
  EXPECT_NE(text.out.find(label + ":3: unknown class: class 7, but there are 2\n"),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find(label + ":4: malformed row: 1 values instead of 5\n"), std::string::npos);
  EXPECT_NE(text.out.find(label + ":2: duplicate row: "), std::string::npos);
  EXPECT_NE(text.out.find(path("d/images/val/broken.jpg") + ": corrupt picture: "),
            std::string::npos);
  EXPECT_NE(text.out.find(path("d/labels/val/gone.txt") + ": label file without a picture\n"),
            std::string::npos);
  EXPECT_NE(
      text.out.find("3 pictures with 3 objects can be used, corrupt_picture: 1, "
                    "duplicate_row: 1, malformed_row: 1, orphan_label: 1, unknown_class: 1\n"),
      std::string::npos)
      << text.out;
  const Outcome json = run_shrike({"data", "check", path("d"), "--json"});
  EXPECT_EQ(json.code, 3);
  const Json findings = json_lines(json.out).at(0)["splits"][0]["findings"];
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0]["kind"], "unknown_class");
  EXPECT_EQ(findings[0]["row"], 3);
  EXPECT_EQ(everything_in(at("d")), before);
}

TEST_F(Data, CheckCountsWhatItDoesNotList) {
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += "x\n";
  file("d/labels/train/a.txt", rows);
  const Outcome text = run_shrike({"data", "check", path("d")});
  EXPECT_EQ(text.code, 3);
  EXPECT_NE(text.out.find(", malformed_row: 300\n"), std::string::npos) << text.out;
  const Outcome stats = run_shrike({"data", "stats", path("d"), "--split", "train", "--json"});
  EXPECT_EQ(json_lines(stats.out).at(0)["findings"], 300);
}

TEST_F(Data, CheckToleratesWhatOthersRefuse) {
  file("c.json", R"({"images":[{"id":1,"file_name":"d/images/val/b.png"}],
    "categories":[{"id":1,"name":"cat"}],
    "annotations":[{"id":4,"image_id":2,"category_id":1,"bbox":[0,0,1,1]}]})");
  const Outcome check = run_shrike({"data", "check", path("c.json")});
  EXPECT_EQ(check.code, 3);
  EXPECT_NE(check.out.find(":4: unknown picture: annotation 4 is of image 2"), std::string::npos);
  const Outcome stats = run_shrike({"data", "stats", path("c.json")});
  EXPECT_EQ(stats.code, 3);
  EXPECT_NE(stats.err.find("annotation 4"), std::string::npos) << stats.err;
}

TEST_F(Data, StatsCount) {
  const Outcome text = run_shrike({"data", "stats", path("d"), "--split", "val"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("2 pictures, 1 of them background; 2 objects\n"), std::string::npos)
      << text.out;
  const Outcome json = run_shrike({"data", "stats", path("d"), "--json"});
  const std::vector<Json> lines = json_lines(json.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["split"], "train");
  EXPECT_EQ(lines[1]["classes"][1]["name"], "dog");
  EXPECT_EQ(lines[1]["classes"][1]["instances"], 2);
  EXPECT_EQ(lines[1]["picture_width"]["most"], 64);
  EXPECT_EQ(lines[1]["small"], 2);
}

TEST_F(Data, ConvertThereAndBack) {
  const std::string before = everything_in(at("d"));
  std::string from = path("d");
  for (const char* format : {"coco", "voc", "yolo"}) {
    const std::string out = path(std::string("out-") + format);
    const Outcome outcome =
        run_shrike({"data", "convert", from, "--to", format, "--out", out, "--copy", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(json_lines(outcome.out).at(0)["pictures"], 3);
    EXPECT_EQ(json_lines(outcome.out).at(0)["instances"], 3);
    from = out;
  }
  EXPECT_EQ(everything_in(at("d")), before);
  for (const char* label : {"labels/train/a.txt", "labels/val/b.txt"})
    EXPECT_EQ(bytes_of(at("out-yolo") / label), bytes_of(at("d") / label));
  EXPECT_EQ(run_shrike({"data", "check", path("out-yolo")}).code, 0);
  const Outcome again = run_shrike({"data", "convert", path("d"), "--to", "voc", "--out", from});
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.err.find("is there and not an empty folder"), std::string::npos) << again.err;
}

TEST_F(Data, WrongWords) {
  const auto refused = [](const std::vector<std::string>& words, int code, const char* says) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << "one line: " << outcome.err;
    EXPECT_EQ(outcome.out, "");
  };
  refused({"data"}, 2, "needs an action");
  refused({"data", "chek", path("d")}, 2, "check");
  refused({"data", "check"}, 2, "needs one data set");
  refused({"data", "check", path("d"), path("d")}, 2, "needs one data set");
  refused({"data", "check", path("none")}, 3, "none");
  refused({"data", "check", path("d"), "--split", "test"}, 3,
          "no split test; there are train, val");
  refused({"data", "stats", path("d"), "--threads", "-1"}, 2, "--threads");
  refused({"data", "convert", path("d"), "--out", path("o")}, 2, "--to");
  refused({"data", "convert", path("d"), "--to", "coco"}, 2, "--out");
  refused({"data", "convert", path("d"), "--to", "csv", "--out", path("o")}, 2, "csv");
  refused({"data", "convert", path("d"), "--to", "coco", "--out", path("o"), "--copy", "--link"}, 2,
          "exclude");
  const Outcome help = run_shrike({"data", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("convert"), std::string::npos);
}

}  // namespace
}  // namespace shrike::testing
