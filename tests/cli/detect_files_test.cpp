// Files that detect reads and writes: names, folders, annotated pictures, labels, interruption.
#include "fixtures.h"

#include <algorithm>
#include <fstream>

#include "vision/decode.h"
#include "vision/encode.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

using DetectFiles = ProgramTest;
using Names = std::vector<std::string>;

TEST_F(DetectFiles, OddNames) {
  for (const char* name : {"a b.png", "new\nline.png", "-dash.png", "[x].png", "conf=1.png",
                           "*.png", "\xff\xfe.png"}) {
    picture(name);
    const Outcome outcome = run_shrike(
        Start{{"detect", "--model", model_, "--json", "--save", "out", "--", name}, root_, {}, {}});
    EXPECT_EQ(outcome.code, 0) << name << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 1u) << name;
    EXPECT_TRUE(fs::exists(at("out") / name)) << name;
  }
}

TEST_F(DetectFiles, FoldersAndPatterns) {
  for (const char* name : {"in/b.jpg", "in/a.png", "in/below/c.png"}) picture(name);
  file("in/notes.txt", "no picture");
  const std::vector<Json> lines = json_lines(detect({path("in"), "--json"}).out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["image"], path("in/a.png"));
  EXPECT_EQ(lines[1]["image"], path("in/b.jpg"));
  EXPECT_EQ(json_lines(detect({path("in/*.jpg"), "--json"}).out).size(), 1u);
  EXPECT_EQ(detect({path("in/*.gif"), "--json"}).code, 3);
}

TEST_F(DetectFiles, EqualNamesDoNotOverwriteEachOther) {
  const Outcome outcome = detect({picture("x/1.png"), picture("y/1.png"), picture("1.png"),
                                  "--save", path("."), "--save-txt", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  // The third is a picture itself, in the very folder that is saved to.
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(fs::path(lines[0]["saved"].get<std::string>()).filename(), "1_boxes.png");
  EXPECT_EQ(fs::path(lines[1]["saved"].get<std::string>()).filename(), "1_2.png");
  EXPECT_EQ(fs::path(lines[2]["saved"].get<std::string>()).filename(), "1_3.png");
  EXPECT_EQ(names_in(at("labels")), (Names{"1.txt", "1_2.txt", "1_3.txt"}));
}

TEST_F(DetectFiles, AnnotatedPicturesAndLabels) {
  const std::string a = picture("a.png");
  const Outcome outcome = detect({a, "--save", path("out"), "--save-txt", "--save-conf"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Result<Image> drawn = read_image(at("out/a.png"));
  ASSERT_TRUE(drawn);
  EXPECT_EQ(drawn->width(), 64);
  EXPECT_NE(bytes_of(at("out/a.png")), bytes_of(a));
  std::istringstream labels(bytes_of(at("out/labels/a.txt")));
  double class_id = -1, cx = 0, cy = 0, w = 0, h = 0, conf = 0;
  labels >> class_id >> cx >> cy >> w >> h >> conf;
  EXPECT_EQ(class_id, 0);
  EXPECT_NEAR(cy, 0.5, 1e-3);
  EXPECT_NEAR(w, 10.0 / 64, 1e-3);
  EXPECT_NEAR(h, 20.0 / 32, 1e-3);
  EXPECT_NEAR(conf, 0.993, 1e-3);

  EXPECT_EQ(detect({a, "--save-txt=" + path("mine"), "--conf=1"}).code, 0);
  EXPECT_EQ(bytes_of(at("mine/a.txt")), "");
}

// Text without times, pictures and labels, with one among them that cannot be read.
TEST_F(DetectFiles, StreamsChangeNothing) {
  for (int i = 0; i < 9; ++i) picture("in/" + std::to_string(i) + ".png");
  file("in/4.png", "no picture");
  const auto text_of = [&](const std::string& streams) {
    const Outcome outcome = detect({path("in"), "--streams", streams, "--save",
                                    path("out" + streams), "--save-txt", "--json"});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    std::string text;
    for (Json line : json_lines(outcome.out)) {
      EXPECT_TRUE(line.contains("image") && line.contains("detections")) << line;
      text += line["image"].dump() + line["detections"].dump() + '\n';
    }
    return text;
  };
  const std::string one = text_of("1");
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 8);
  for (const std::string streams : {"2", "3", "20"}) {
    EXPECT_EQ(text_of(streams), one) << streams;
    const fs::path out = at("out" + streams);
    ASSERT_EQ(names_in(out), names_in(at("out1")));
    for (const std::string& name : names_in(out))
      if (fs::is_regular_file(out / name)) {
        EXPECT_EQ(bytes_of(out / name), bytes_of(at("out1") / name)) << name;
      }
  }
}

TEST_F(DetectFiles, NoFileOfTheModelIsReplaced) {
  const std::string a = picture("p/a.png"), names = file("n/a.txt", "cat\ndog\n");
  const Outcome refused = detect({a, "--names", names, "--save-txt=" + path("n")});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_NE(refused.err.find(names), std::string::npos) << refused.err;
  EXPECT_EQ(bytes_of(names), "cat\ndog\n");
}

TEST_F(DetectFiles, NamesFile) {
  const std::string names = file("my.names", "lion\ntiger\n");
  const std::vector<Json> lines =
      json_lines(detect({picture("a.png"), "--names", names, "--json"}).out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["detections"][0]["class"], "lion");
  const Outcome wrong = detect({path("a.png"), "--names", file("one.names", "lion\n")});
  EXPECT_EQ(wrong.code, 3);
  EXPECT_EQ(detect({path("a.png"), "--names", path("none")}).code, 3);
}

TEST_F(DetectFiles, SavingAmongOnesOwnPicturesLosesNone) {
  const std::string a = picture("col/a.png"), boxes = picture("col/a_boxes.png");
  const std::string originals[] = {bytes_of(a), bytes_of(boxes)};
  for (size_t run = 1; run <= 3; ++run) {
    const Outcome outcome = detect({path("col"), "--save", path("col"), "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), size_t{2} << (run - 1)) << "all, and their copies";
    EXPECT_EQ(names_in(at("col")).size(), size_t{2} << run);
    EXPECT_EQ(bytes_of(a), originals[0]);
    EXPECT_EQ(bytes_of(boxes), originals[1]);
  }
}

TEST_F(DetectFiles, APictureThatCannotBeDrawnOnIsNamed) {
  picture("in/a.png");
  picture("in/z.png");
  ASSERT_TRUE(write_image(at("in/wide.png"), Image(40'000, 10)));
  const Outcome outcome = detect({path("in"), "--save", path("out"), "--json"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(json_lines(outcome.out).size(), 2u);
  EXPECT_NE(outcome.err.find("in/wide.png: drawing failed"), std::string::npos) << outcome.err;
  EXPECT_EQ(names_in(at("out")), (Names{"a.png", "z.png"}));
}

TEST_F(DetectFiles, AnInterruptLeavesWholeFiles) {
  constexpr int kPictures = 400;
  picture("in/0.png");
  for (int i = 1; i < kPictures; ++i)
    fs::create_hard_link(at("in/0.png"), at("in/" + std::to_string(i) + ".png"));
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    const std::string out = "out" + std::to_string(signal);
    const Outcome outcome =
        run_shrike(Start{{"detect", path("in"), "--model", model_, "--save", path(out), "--json"},
                         {},
                         {},
                         at(out + "/0.png"),
                         signal});
    if (outcome.code == 0) GTEST_SKIP() << "all pictures were done before the interrupt came";
    EXPECT_EQ(outcome.code, code);
    const Names saved = names_in(at(out));
    EXPECT_LT(saved.size(), size_t{kPictures});
    EXPECT_EQ(json_lines(outcome.out).size(), saved.size());
    for (const std::string& name : saved) EXPECT_TRUE(read_image(at(out + "/" + name))) << name;
  }
}

}  // namespace
}  // namespace shrike::testing
