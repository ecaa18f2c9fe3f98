#include "report/report.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <clocale>
#include <cmath>
#include <csignal>
#include <fstream>
#include <iterator>
#include <locale>
#include <map>
#include <random>
#include <set>

#include "base/file.h"
#include "formats/json.h"
#include "formats/test_folder.h"
#include "report/choose.h"
#include "report/made_up.h"
#include "report/picture_pairs.h"
#include "report/xml_check.h"
#include "vision/decode.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  const auto text = read_text(path, ErrorKind::kInput);
  EXPECT_TRUE(text.ok()) << path;
  return text ? *text : "";
}

std::map<std::string, std::string> read_all(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = read(entry.path());
  return files;
}

Image picture(int width, int height, uint8_t value = 90) {
  Image image(width, height);
  std::fill(image.bytes().begin(), image.bytes().end(), value);
  return image;
}

// Every file is what its name says.
void expect_sound(const fs::path& folder) {
  for (const auto& [name, text] : read_all(folder)) {
    SCOPED_TRACE(name);
    const std::string extension = fs::path(name).extension();
    if (extension == ".svg" || extension == ".html") {
      const XmlCheck xml(text);
      EXPECT_TRUE(xml.ok()) << xml.problem();
      EXPECT_EQ(xml.count("script"), 0);
    } else if (extension == ".png" || extension == ".jpg") {
      const auto image = read_image(folder / name);
      EXPECT_TRUE(image.ok()) << image.error().message;
    } else if (extension == ".json") {
      EXPECT_TRUE(parse_json(text, name).ok());
    } else {
      EXPECT_EQ(extension, ".csv");
      EXPECT_EQ(text.substr(text.size() - 2), "\r\n");
    }
  }
}

TEST(Report, HoldsWhatItSays) {
  const TestFolder folder;
  const fs::path out = folder.path() / "new" / "report";
  ASSERT_TRUE(write_report(out, made_up::report(3)).ok());
  expect_sound(out);
  const auto files = read_all(out);
  for (const char* name :
       {"index.html", "report.json", "summary.csv", "per_class.csv", "curves.csv", "confusion.csv",
        "pr_curve.svg", "pr_curve.png", "f1_curve.svg", "precision_curve.svg", "recall_curve.svg",
        "confusion_matrix.svg", "class_scores.svg", "class_instances.svg"})
    EXPECT_TRUE(files.contains(name)) << name;
  EXPECT_FALSE(files.contains("pictures.jpg"));
  const auto pr = read_image(out / "pr_curve.png");
  ASSERT_TRUE(pr.ok());
  EXPECT_EQ(pr->width(), 1520);
  EXPECT_EQ(pr->height(), 940);
  const XmlCheck page(files.at("index.html"));
  EXPECT_EQ(page.count("svg"), 2 * 4 + 3) << "charts with lines clip: an <svg> in an <svg>";
  for (const char* text : {"yolo-example.onnx", "a machine, 2 threads", "2026-01-31 12:00",
                           "made-up.yaml, val", "21.50"})
    EXPECT_NE(page.text().find(text), std::string::npos) << text;
}

TEST(Report, JsonHasTheNumbers) {
  const TestFolder folder;
  const ReportData data = made_up::report(6);
  ASSERT_TRUE(write_report(folder.path(), data).ok());
  const auto json = parse_json(read(folder.path() / "report.json"), "report.json");
  ASSERT_TRUE(json.ok());
  const Summary& summary = data.model.scores.summary;
  EXPECT_EQ((*json)["map50_95"].get<double>(), *summary.map50_95);
  EXPECT_EQ((*json)["map50"].get<double>(), *summary.map50);
  EXPECT_TRUE((*json)["map_small"].is_null());
  EXPECT_EQ((*json)["f1"].get<double>(), data.model.scores.at_best.f1);
  EXPECT_EQ((*json)["interval95"]["map50"][1].get<double>(), data.model.intervals.map50->high);
  EXPECT_TRUE((*json)["interval95"]["map_small"].is_null());
  EXPECT_EQ((*json)["speed_ms"]["inference"].get<double>(), 21.5);
  ASSERT_EQ((*json)["per_class"].size(), 6);
  EXPECT_EQ((*json)["per_class"][2]["name"], "car");
  EXPECT_TRUE((*json)["per_class"][4]["map50"].is_null()) << "a class without objects";
  EXPECT_EQ((*json)["per_class"][4]["instances"], 0);
  EXPECT_EQ((*json)["curves"]["f1"].size(), kCurvePoints);
  EXPECT_EQ((*json)["confusion"]["counts"][1][1], data.confusion.cell(1, 1));
}

TEST(Report, CsvHasTheNumbers) {
  const TestFolder folder;
  const ReportData data = made_up::report(6);
  ASSERT_TRUE(write_report(folder.path(), data).ok());
  const std::string summary = read(folder.path() / "summary.csv");
  EXPECT_EQ(summary.rfind("name,value,low95,high95\r\nmap50_95,0.", 0), 0);
  EXPECT_NE(summary.find("\r\nmap_small,,,\r\n"), std::string::npos);
  EXPECT_NE(summary.find("\r\nimages,128,,\r\n"), std::string::npos);
  const std::string classes = read(folder.path() / "per_class.csv");
  EXPECT_NE(classes.find("\r\n4,bus,0,0,,,,,,,,,,,,,,,\r\n"), std::string::npos) << classes;
  EXPECT_EQ(std::count(classes.begin(), classes.end(), '\n'), 7);
  const std::string curves = read(folder.path() / "curves.csv");
  EXPECT_NE(curves.find("\r\nprecision_recall,0,person,0,1\r\n"), std::string::npos);
  EXPECT_NE(curves.find("\r\nf1,,all,1,0\r\n"), std::string::npos);
  EXPECT_EQ(curves.find("bus"), std::string::npos) << "no curve without objects";
  const std::string confusion = read(folder.path() / "confusion.csv");
  EXPECT_EQ(confusion.rfind("truth,person,bicycle,car,motorcycle,bus,train,background\r\n", 0), 0);
}

TEST(Report, AnyNumberOfClassesIsSound) {
  for (const int classes : {0, 1, 2, 80, 1000}) {
    SCOPED_TRACE(classes);
    const TestFolder folder;
    ASSERT_TRUE(write_report(folder.path(), made_up::report(classes)).ok());
    expect_sound(folder.path());
    EXPECT_EQ(fs::exists(folder.path() / "confusion_matrix.svg"), classes > 0);
  }
}

TEST(Report, AnEmptySetHasNoNumbers) {
  const TestFolder folder;
  ReportData data;
  data.head.title = "nothing";
  data.model.scores.classes.resize(2);
  data.model.scores.classes[1].class_id = 1;
  data.confusion = ConfusionMatrix(2);
  ASSERT_TRUE(write_report(folder.path(), data).ok());
  expect_sound(folder.path());
  const auto json = parse_json(read(folder.path() / "report.json"), "report.json");
  ASSERT_TRUE(json.ok());
  for (const char* key : {"map50_95", "precision", "f1", "confidence"})
    EXPECT_TRUE((*json)[key].is_null()) << key;
  EXPECT_TRUE((*json)["speed_ms"]["inference"].is_null());
  EXPECT_EQ((*json)["per_class"][1]["name"], "class 1");
  const std::string page = read(folder.path() / "index.html");
  EXPECT_NE(page.find("<strong>-</strong>"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("inf<"), std::string::npos);
}

TEST(Report, WhatIsNotFiniteIsNoNumber) {
  const TestFolder folder;
  ReportData data = made_up::report(2);
  const double nan = std::nan("");
  data.model.scores.summary.map50 = nan;
  data.model.scores.at_best.f1 = nan;
  data.model.scores.classes[0].precision_at_recall.fill(nan);
  data.model.scores.curves.f1[5] = nan;
  data.model.intervals.map50 = Interval{nan, HUGE_VAL};
  data.model.speed.inference_ms = nan;
  ASSERT_TRUE(write_report(folder.path(), data).ok());
  expect_sound(folder.path());
  const auto json = parse_json(read(folder.path() / "report.json"), "report.json");
  ASSERT_TRUE(json.ok());
  EXPECT_TRUE((*json)["map50"].is_null());
  EXPECT_TRUE((*json)["interval95"]["map50"][1].is_null());
  for (const auto& [name, text] : read_all(folder.path())) {
    if (fs::path(name).extension() == ".csv") {
      EXPECT_EQ(text.find("nan"), std::string::npos) << name;
    }
  }
}

TEST(Report, HostileNamesStayText) {
  const TestFolder folder;
  ReportData data = made_up::report(4);
  const std::string evil = "</td><script>alert(\"1\")</script>&'";
  data.names = {evil, "\xFF\xFE broken", "new\nline,\"quoted\"", "\xEF\xBF\xBF<!--"};
  data.head = {evil, evil, evil, evil, evil, {{evil, evil}}, {evil, "\x01\x80"}};
  data.model.name = evil;
  data.pictures = {{folder.path() / (evil.substr(5, 8) + "\xC3.jpg"), {}, {}}};
  data.read_picture = [&](const fs::path&) -> Result<Image> { return input_error(evil); };
  const fs::path out = folder.path() / "out";
  const auto written = write_report(out, data);
  ASSERT_TRUE(written.ok()) << written.error().message;
  expect_sound(out);
  const std::string page = read(out / "index.html");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"),
            std::string::npos);
  EXPECT_EQ(page.find("http://"), page.find("http://www.w3.org/2000/svg"));
  const std::string classes = read(out / "per_class.csv");
  EXPECT_NE(classes.find("\"new\nline,\"\"quoted\"\"\""), std::string::npos);
}

TEST(Report, TheSameDataGivesTheSameBytes) {
  const TestFolder folder;
  ReportData data = made_up::report(21);
  data.pictures = {{"a.jpg", {{{5, 5, 50, 50}, 0.9f, 1}}, {{4, 6, 40, 40, 1600, 1}}}};
  data.read_picture = [](const fs::path&) -> Result<Image> { return picture(600, 400); };
  ASSERT_TRUE(write_report(folder.path() / "a", data).ok());
  ASSERT_TRUE(write_report(folder.path() / "b", data).ok());
  const auto first = read_all(folder.path() / "a");
  EXPECT_EQ(first, read_all(folder.path() / "b"));
  EXPECT_TRUE(first.contains("pictures.jpg"));
  // Over an earlier report: replaced, and nothing is left beside it.
  std::ofstream(folder.path() / "a" / "mine.txt") << "kept";
  ASSERT_TRUE(write_report(folder.path() / "a", made_up::report(2)).ok());
  ASSERT_TRUE(write_report(folder.path() / "a", data).ok());
  auto again = read_all(folder.path() / "a");
  EXPECT_EQ(again.at("mine.txt"), "kept");
  again.erase("mine.txt");
  EXPECT_EQ(again, first);
}

class CommaPoint : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(Report, DoesNotDependOnTheLocale) {
  const TestFolder folder;
  const ReportData data = made_up::report(5);
  ASSERT_TRUE(write_report(folder.path() / "c", data).ok());
  const std::locale before = std::locale::global(std::locale(std::locale(), new CommaPoint));
  // The C library's, where the machine has one.
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8"})
    if (std::setlocale(LC_ALL, name)) break;
  const auto written = write_report(folder.path() / "de", data);
  std::locale::global(before);
  std::setlocale(LC_ALL, "C");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(read_all(folder.path() / "c"), read_all(folder.path() / "de"));
}

TEST(Report, ErrorsNameTheFile) {
  const TestFolder folder;
  std::ofstream(folder.path() / "file") << "in the way";
  const auto in_the_way = write_report(folder.path() / "file", made_up::report(1));
  ASSERT_FALSE(in_the_way.ok());
  EXPECT_EQ(in_the_way.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(in_the_way.error().message.find((folder.path() / "file").string()), std::string::npos);
  fs::create_directories(folder.path() / "out" / "f1_curve.png");
  const auto folder_in_the_way = write_report(folder.path() / "out", made_up::report(1));
  ASSERT_FALSE(folder_in_the_way.ok());
  EXPECT_NE(folder_in_the_way.error().message.find("f1_curve.png"), std::string::npos);
  EXPECT_EQ(folder_in_the_way.error().message.find(".shrike"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "out"), fs::directory_iterator()),
            1)
      << "nothing else has come";
}

// A file that cannot be written, in the middle of a report: past a limit on the size of files.
TEST(Report, ComesWholeOrNotAtAll) {
  const TestFolder folder;
  const fs::path out = folder.path() / "out", fresh = folder.path() / "fresh";
  ReportData data = made_up::report(2);
  data.pictures = {{"a.jpg", {}, {{4, 6, 40, 40, 1600, 1}}}};
  data.read_picture = [](const fs::path&) -> Result<Image> {
    Image noise(600, 400);
    std::mt19937 random(7);
    for (uint8_t& value : noise.bytes()) value = static_cast<uint8_t>(random());
    return noise;
  };
  ASSERT_TRUE(write_report(out, data).ok());
  const auto before = read_all(out);
  ASSERT_GT(before.at("index.html").size(), before.at("report.json").size() + 1000);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit little{before.at("report.json").size() + 1000, limit.rlim_max};
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &little);
  const auto over = write_report(out, data);
  const auto into_nothing = write_report(fresh, data);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(over.error().message.find(out.string() + "/"), std::string::npos);
  EXPECT_EQ(over.error().message.find(".shrike"), std::string::npos) << over.error().message;
  EXPECT_EQ(read_all(out), before);
  EXPECT_FALSE(into_nothing.ok());
  EXPECT_FALSE(fs::exists(fresh));
}

TEST(ReportPictures, AreLimitedAndReadOneAtATime) {
  const TestFolder folder;
  ReportData data = made_up::report(2);
  size_t asked = 0;
  for (size_t i = 0; i < kMostPictures + 9; ++i)
    data.pictures.push_back({"picture " + std::to_string(i) + ".jpg",
                             {{{1, 1, 20, 20}, 0.5f, 0}},
                             {{1, 1, 20, 20, 400, 1}}});
  data.read_picture = [&](const fs::path& path) -> Result<Image> {
    EXPECT_EQ(path, data.pictures[asked].path);
    if (asked++ == 2) return input_error("cannot read " + path.string());
    return picture(asked % 2 ? 900 : 30, asked % 3 ? 40 : 800);
  };
  ASSERT_TRUE(write_report(folder.path(), data).ok());
  EXPECT_EQ(asked, kMostPictures);
  expect_sound(folder.path());
  const std::string text = read(folder.path() / "index.html");
  const XmlCheck page(text);
  EXPECT_EQ(page.count("img"), 2 * (kMostPictures - 1));
  EXPECT_NE(text.find("cannot read picture 2.jpg"), std::string::npos);
  EXPECT_NE(text.find("picture 3.jpg: 1 object, 1 detection"), std::string::npos);
  const auto grid = read_image(folder.path() / "pictures.jpg");
  ASSERT_TRUE(grid.ok());
  EXPECT_GT(grid->width(), 4 * kThumbnailSide);
}

TEST(ReportPictures, BoxesShrinkWithThePicture) {
  ReportData data;
  data.pictures = {{"a.jpg", {{{400, 400, 800, 800}, 0.9f, 0}}, {}}};
  data.read_picture = [](const fs::path&) -> Result<Image> { return picture(1680, 1680, 0); };
  const auto drawn = draw_pictures(data);
  ASSERT_TRUE(drawn.ok());
  ASSERT_EQ(drawn->pairs.size(), 1);
  const auto image = decode_image(drawn->pairs[0].predictions);
  ASSERT_TRUE(image.ok());
  ASSERT_EQ(image->width(), kThumbnailSide);
  // The box lies at a quarter of its place: 100 to 200.
  EXPECT_GT(image->pixel(101, 150)[0], 80);
  EXPECT_LT(image->pixel(150, 150)[0], 40);
  EXPECT_LT(image->pixel(300, 150)[0], 40);
}

TEST(Thumbnail, KeepsItsShape) {
  for (const auto& [w, h] : {std::pair{1, 1}, {4000, 3000}, {3, 2000}, {2000, 3}, {421, 100}}) {
    const Image image = thumbnail(picture(w, h), 420);
    EXPECT_EQ(std::max(image.width(), image.height()), 420);
    EXPECT_EQ(image.pixel(0, 0)[0], 90);
  }
}

TEST(ChoosePictures, TakesTheWorstAndAFewOthers) {
  std::vector<uint32_t> mistakes(100, 0);
  mistakes[40] = 9;
  mistakes[7] = mistakes[90] = 5;
  EXPECT_EQ(choose_pictures(mistakes, 4, 1).size(), 4);
  const auto some = choose_pictures(mistakes, 8, 1);
  ASSERT_EQ(some.size(), 8);
  EXPECT_EQ(std::vector<size_t>(some.begin(), some.begin() + 3), (std::vector<size_t>{40, 7, 90}));
  EXPECT_TRUE(std::is_sorted(some.begin() + 3, some.end()));
  EXPECT_EQ(std::set<size_t>(some.begin(), some.end()).size(), 8) << "none twice";
  EXPECT_EQ(some, choose_pictures(mistakes, 8, 1));
  EXPECT_NE(some, choose_pictures(mistakes, 8, 2));
  for (size_t i = 0; i < mistakes.size(); ++i) mistakes[i] = static_cast<uint32_t>(i);
  const auto many = choose_pictures(mistakes, 16, 3);
  ASSERT_EQ(many.size(), 16);
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(many[i], 99 - i);
  for (size_t i = 12; i < 16; ++i) EXPECT_LT(many[i], 88);
}

TEST(CountMistakes, CountsMissedFalseAndConfused) {
  const std::vector<Truth> truth = {{0, 0, 10, 10, 100, 3},
                                    {50, 0, 10, 10, 100, 3},
                                    {100, 0, 10, 10, 100, 900},
                                    {150, 0, 10, 10, 100, 3, true}};
  const std::vector<Detection> detections = {{{0, 0, 10, 10}, 0.9f, 3},     // right
                                             {{100, 0, 110, 10}, 0.9f, 5},  // of another class
                                             {{0, 50, 10, 60}, 0.9f, 3},    // of nothing
                                             {{152, 0, 158, 10}, 0.9f, 3},  // in a crowd
                                             {{0, 90, 10, 99}, 0.1f, 3}};   // not confident
  EXPECT_EQ(count_mistakes(detections, truth, {}), 3) << "one object is not found";
  EXPECT_EQ(count_mistakes({}, truth, {}), 3);
  EXPECT_EQ(count_mistakes(detections, {}, {}), 4);
  EXPECT_EQ(count_mistakes({}, {}, {}), 0);
}

TEST(ChoosePictures, FewAndNone) {
  EXPECT_TRUE(choose_pictures({}, 16, 1).empty());
  const std::vector<uint32_t> three = {0, 2, 0};
  EXPECT_TRUE(choose_pictures(three, 0, 1).empty());
  EXPECT_EQ(choose_pictures(three, 16, 1), (std::vector<size_t>{1, 0, 2}));
  EXPECT_EQ(choose_pictures(three, 1, 1), (std::vector<size_t>{1}));
}

TEST(Comparison, HoldsWhatItSays) {
  const TestFolder folder;
  ComparisonData data = made_up::comparison(6);
  data.a.name = "<a>";
  ASSERT_TRUE(write_comparison(folder.path(), data).ok());
  expect_sound(folder.path());
  const auto json = parse_json(read(folder.path() / "report.json"), "report.json");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["differences"]["map50"]["difference"].get<double>(),
            data.differences.map50->difference);
  EXPECT_TRUE((*json)["differences"]["map_small"].is_null());
  EXPECT_EQ((*json)["a"]["model"], "<a>");
  const std::string page = read(folder.path() / "index.html");
  EXPECT_NE(page.find("yolo-large is better by 2.1 points"), std::string::npos);
  const std::string summary = read(folder.path() / "summary.csv");
  EXPECT_EQ(summary.rfind("name,a,b,difference,low95,high95,share_above_zero\r\nmap50_95,", 0), 0);
  EXPECT_NE(summary.find("\r\nmap_small,,,,,,\r\n"), std::string::npos);
  ASSERT_TRUE(write_comparison(folder.path(), {}).ok());
  expect_sound(folder.path());
}

}  // namespace
}  // namespace shrike
