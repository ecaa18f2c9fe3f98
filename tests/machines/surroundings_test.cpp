// What surrounds a process: home, environment, locale, temporary folder, names.
#include <gtest/gtest.h>
#include <unistd.h>

#include "machine.h"
#include "pull/process.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

// Nothing of our own on standard error. Fontconfig complains there where it can keep no cache.
void expect_no_complaint(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err.find("shrike"), std::string::npos) << outcome.err;
}

class Surroundings : public ProgramTest {
 protected:
  Surroundings() {
    picture("a.png");
    fs::permissions(root_, fs::perms(0755));
    fs::create_directory(at("out"));
    fs::permissions(at("out"), fs::perms(0777));
  }
  std::vector<std::string> save_words() const {
    return {"detect", path("a.png"), "--model", model_, "--save", path("out"), "--json"};
  }
};

TEST_F(Surroundings, NoHome) {
  const std::string nowhere = path("nowhere");
  for (const std::optional<std::string>& home :
       {std::optional<std::string>(), std::optional(nowhere), std::optional<std::string>("")}) {
    const Variable a("HOME", home), b("XDG_CACHE_HOME", std::nullopt);
    expect_no_complaint(run_shrike(save_words()));
    EXPECT_TRUE(read_image(at("out/a.png")));
    EXPECT_EQ(run_shrike({"pull"}).code, 0);
  }
}

TEST_F(Surroundings, NobodyTheSystemKnows) {
  if (::getuid() != 0) GTEST_SKIP() << "taking a user number that nobody has needs root";
  const Variable a("HOME", std::nullopt), b("XDG_CACHE_HOME", std::nullopt);
  const Prepare stranger = [] {
    if (::setuid(54321) != 0) ::_exit(125);
  };
  expect_no_complaint(run_with(stranger, save_words()));
  const Outcome pulled = run_with(stranger, {"pull", "yolov3-tiny"});
  EXPECT_EQ(pulled.code, 5);
  EXPECT_NE(pulled.err.find("XDG_CACHE_HOME"), std::string::npos) << pulled.err;
}

TEST_F(Surroundings, NoEnvironmentAtAll) {
  Start start;
  start.words = save_words();
  start.through = {"env", "-i"};
  expect_no_complaint(run_shrike(start));
}

TEST_F(Surroundings, NoTemporaryFolder) {
  Start start;
  start.words = save_words();
  start.through = {"env", "TMPDIR=" + path("nowhere")};
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(read_image(at("out/a.png")));
}

// What every command prints and writes, without the times it took.
std::string all_output(const std::string& model, const fs::path& root) {
  const std::string picture = (root / "a.png").string(), out = (root / "out").string();
  std::string all;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"detect", picture, "--model", model, "--conf=0.25", "--iou=0.45",
                                 "--save-txt=" + out, "--save-conf", "--json"},
        {"inspect", model, "--text"},
        {"inspect", model, "--json"},
        {"inspect", model}}) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    all += outcome.out.substr(0, outcome.out.find("\"speed_ms\"")) + outcome.err;
  }
  return all + bytes_of(root / "out/a.txt");
}

// The program leaves the locale alone. Programs that use the library need not: api_test.
TEST_F(Surroundings, DecimalCommas) {
  const fs::path locales = at("locales");
  fs::create_directory(locales);
  if (!have_program("localedef") || !run_program({{"localedef", "--inputfile", "de_DE", "--charmap",
                                                   "UTF-8", (locales / "de_DE.UTF-8").string()},
                                                  {},
                                                  {}}))
    GTEST_SKIP() << "no locale with decimal commas: Debian's package locales makes one";
  // Its scale_x_y has a decimal point.
  const std::string darknet = write_darknet_model(root_, "d");
  for (const std::string& model : {model_, darknet}) {
    const std::string expected = all_output(model, root_);
    const Variable where("LOCPATH", locales.string()), all("LC_ALL", "de_DE.UTF-8"),
        numeric("LC_NUMERIC", "de_DE.UTF-8");
    ASSERT_TRUE(run_program({{"locale", "decimal_point"}, {}, at("point")}));
    ASSERT_EQ(bytes_of(at("point")), ",\n") << "the locale is not in force";
    EXPECT_EQ(all_output(model, root_), expected);
  }
}

TEST_F(Surroundings, NamesOfEveryKind) {
  for (const char* name : {"with blank", "line\nfeed", "tab\tand \"quote'", "\xff\xfe\x80", "$(id)",
                           "a;b|c&d", "*", "-dash", "%s%n", "\xc3\xbc"}) {
    const fs::path folder = at(name);
    fs::create_directory(folder);
    fs::copy_file(model_, folder / "m.onnx");
    fs::copy_file(at("a.png"), folder / "p.png");
    const std::string model = (folder / "m.onnx").string(), out = (folder / "o").string();
    const Outcome outcome = run_shrike({"detect", (folder / "p.png").string(), "--model", model,
                                        "--save", out, "--save-txt", "--json"});
    EXPECT_EQ(outcome.code, 0) << name << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 1u) << name;
    EXPECT_TRUE(read_image(folder / "o/p.png")) << name;
    EXPECT_TRUE(fs::exists(folder / "o/labels/p.txt")) << name;
    EXPECT_EQ(run_shrike({"convert", model, (folder / "c.onnx").string()}).code, 0) << name;
    EXPECT_EQ(run_shrike({"inspect", model}).code, 0) << name;
    const Outcome missing = run_shrike({"inspect", (folder / "none.onnx").string()});
    EXPECT_EQ(missing.code, 4);
    EXPECT_EQ(missing.err.find('\n'), missing.err.size() - 1) << missing.err;
  }
}

}  // namespace
}  // namespace shrike::testing
