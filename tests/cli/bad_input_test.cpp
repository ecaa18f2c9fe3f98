// Files that are not what they should be: a clear error that names the file, never a crash.
#include "fixtures.h"
#include "formats/onnx_writer.h"
#include "ir/text.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class BadInput : public ProgramTest {
 protected:
  void expect_refused(const Outcome& outcome, int code, const std::string& name) {
    EXPECT_EQ(outcome.code, code) << name << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(name), std::string::npos) << "unnamed: " << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << "one line: " << outcome.err;
  }
};

TEST_F(BadInput, Pictures) {
  const std::string whole = bytes_of(picture("whole.png"));
  file("cut.png", whole.substr(0, whole.size() / 2));
  file("cut.jpg", bytes_of(picture("whole.jpg")).substr(0, 300));
  file("empty.jpg", "");
  file("text.jpg", "this is no picture\n");
  file("model.jpg", bytes_of(model_));
  for (const char* name : {"cut.png", "cut.jpg", "empty.jpg", "text.jpg", "model.jpg"})
    expect_refused(detect({path(name)}), 3, name);
  ASSERT_TRUE(fs::create_directory(at("folder")));
  expect_refused(detect({path("folder")}), 3, "folder");
}

TEST_F(BadInput, UnusualPicturesAreRead) {
  for (const char* name : {"grey.jpg", "deep_1.png", "deep_3.png", "cmyk.jpg", "rgba.png",
                           "grey_alpha.png", "p5_deep.pgm", "palette_8.png", "bits.png"}) {
    const fs::path source = fs::path(SHRIKE_PICTURES) / name;
    ASSERT_TRUE(fs::exists(source)) << source;
    const Outcome outcome = detect({source.string(), "--json", "--save", path("out")});
    EXPECT_EQ(outcome.code, 0) << name << ": " << outcome.err;
    EXPECT_EQ(json_lines(outcome.out).size(), 1u) << name;
  }
}

TEST_F(BadInput, OneBadPictureAmongAHundred) {
  for (int i = 0; i < 100; ++i) picture("in/" + std::to_string(i) + ".png");
  file("in/42.png", "broken");
  const Outcome outcome = detect({path("in"), "--json"});
  EXPECT_EQ(json_lines(outcome.out).size(), 99u);
  expect_refused(outcome, 3, "in/42.png");
  const Outcome missing = detect({path("in/1.png"), path("none.png"), "--json"});
  EXPECT_EQ(json_lines(missing.out).size(), 1u);
  expect_refused(missing, 3, "none.png");
}

TEST_F(BadInput, Models) {
  const std::string whole = bytes_of(model_);
  const std::string a = picture("a.png");
  file("empty.onnx", "");
  file("text.onnx", "this is no model\n");
  file("picture.onnx", bytes_of(a));
  file("zeros.onnx", std::string(5000, '\0'));
  file("ones.onnx", std::string(5000, '\xff'));
  file("bad.cfg", "[convolutional]\nfilters=-1\n");
  file("bad.weights", "x");
  ASSERT_TRUE(fs::create_directory(at("folder.onnx")));
  for (const char* name : {"empty.onnx", "text.onnx", "picture.onnx", "zeros.onnx", "ones.onnx",
                           "bad.cfg", "folder.onnx"}) {
    expect_refused(run_shrike({"detect", a, "--model", path(name)}), 4, name);
    expect_refused(run_shrike({"inspect", path(name)}), 4, name);
    expect_refused(run_shrike({"convert", path(name), path("o.onnx")}), 4, name);
    EXPECT_FALSE(fs::exists(at("o.onnx")));
  }
  for (size_t kept : {size_t{1}, size_t{7}, whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
    file("cut.onnx", whole.substr(0, kept));
    expect_refused(run_shrike({"detect", a, "--model", path("cut.onnx")}), 4, "cut.onnx");
  }
}

TEST_F(BadInput, ModelsOverTheMemoryLimit) {
  const std::string a = picture("a.png");
  const std::string limit = "--max-memory=16K";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"detect", a, "--model", model_, limit}, {"bench", "--model", model_, limit}}) {
    const Outcome outcome = run_shrike(words);
    expect_refused(outcome, 5, "tiny.onnx");
    EXPECT_NE(outcome.err.find("the limit is 16 KiB"), std::string::npos) << outcome.err;
  }
  EXPECT_EQ(run_shrike({"inspect", model_, "--max-memory", "1G"}).code, 0);
  EXPECT_EQ(run_shrike({"convert", model_, path("o.onnx"), "--max-memory", "1G"}).code, 0);
  for (const char* value : {"none", "0", "1x", "-1", "18446744073709551616", "99999999999T"}) {
    const Outcome outcome = run_shrike({"inspect", model_, "--max-memory", value});
    expect_refused(outcome, 2, value);
    EXPECT_NE(outcome.err.find("--max-memory"), std::string::npos) << outcome.err;
  }
  for (const char* command : {"inspect", "bench"}) {
    const Outcome outcome = run_shrike({command, "--model", model_, "--max-memory", "1"});
    expect_refused(outcome, 5, "tiny.onnx");
    EXPECT_NE(outcome.err.find("the limit is 1 byte"), std::string::npos) << outcome.err;
  }
}

TEST_F(BadInput, PicturesOverTheLimitOfPixels) {
  const std::string a = picture("a.png");  // 64x32
  expect_refused(detect({a, "--max-pixels", "2047"}), 3, "a.png");
  EXPECT_EQ(detect({a, "--max-pixels", "2048"}).code, 0);
  for (const char* value : {"0", "-1", "many", "99999999999999999999"})
    EXPECT_EQ(detect({a, "--max-pixels", value}).code, 2) << value;
  expect_refused(run_shrike({"bench", "--model", model_, "--decode", "--picture", a, "--runs", "1",
                             "--max-pixels", "2047"}),
                 3, "a.png");
}

// A file decides neither how long a message gets nor how many lines it has.
TEST_F(BadInput, MessagesOfLongNamesAreShort) {
  const std::string digits(1'000'000, '7');
  file("d.cfg", "[net]\nheight=32\nwidth=" + digits + "\nchannels=3\n");
  file("d.weights", std::string(20, '\0'));
  file("set/data.yaml", "path: " + digits + "\nval: x\nnames: [a]\n");
  file("set.json", "{\"images\":[{\"id\":" + digits + "x");
  const Outcome outcomes[] = {run_shrike({"inspect", path("d.cfg")}),
                              run_shrike({"data", "check", path("set")}),
                              run_shrike({"data", "check", path("set.json")})};
  const char* const names[] = {"d.cfg", "data.yaml", "set.json"};
  for (size_t i = 0; i < 3; ++i) {
    expect_refused(outcomes[i], i == 0 ? 4 : 3, names[i]);
    EXPECT_LT(outcomes[i].err.size(), 2000u) << names[i];
  }
}

TEST_F(BadInput, AModelWithAnEmptyInput) {
  const Result<Graph> graph =
      parse_graph("input %x: f32[1,3,0,0]\n%y: f32[1,3,0,0] = Relu(%x)\noutput %y\n", "text");
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_TRUE(save_onnx(*graph, at("empty_input.onnx")));
  const Outcome outcome = run_shrike({"inspect", path("empty_input.onnx")});
  expect_refused(outcome, 4, "empty_input.onnx");
  EXPECT_NE(outcome.err.find("'x' of shape 1x3x0x0 has no elements"), std::string::npos)
      << outcome.err;
}

TEST_F(BadInput, FlippedBitsOfAModelNeverCrash) {
  const std::string whole = bytes_of(model_);
  const std::string a = picture("a.png");
  // The weights take most of the file; what describes them lies at its ends.
  for (size_t i = 0; i < 60; ++i) {
    std::string damaged = whole;
    const size_t at_byte = i % 2 ? i * 11 % 600 : whole.size() - 1 - i * 13 % 700;
    damaged[at_byte % whole.size()] ^= static_cast<char>(1 << i % 8);
    file("damaged.onnx", damaged);
    const Outcome outcome = run_shrike({"detect", a, "--model", path("damaged.onnx")});
    EXPECT_LT(outcome.code, 6) << "byte " << at_byte << ": " << outcome.err;
  }
}

TEST_F(BadInput, Arrays) {
  file("empty.npy", "");
  file("text.npy", "this is no array\n");
  for (const char* name : {"empty.npy", "text.npy", "none.npy"})
    expect_refused(
        run_shrike({"run", "--model", model_, "--input", path(name), "--output", path("o")}), 3,
        name);
}

}  // namespace
}  // namespace shrike::testing
