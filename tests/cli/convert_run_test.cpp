// run and convert: the numbers stay what they were.
#include "fixtures.h"

#include <cmath>

#include "formats/json.h"
#include "formats/npy.h"
#include "formats/onnx/test_model.h"

namespace shrike::testing {
namespace {

class ConvertRun : public ProgramTest {
 protected:
  std::string array(const Shape& shape) const {
    Tensor tensor(DType::kF32, shape);
    int i = 0;
    for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(std::sin(i++));
    EXPECT_TRUE(save_npy(tensor, at("x.npy")));
    return path("x.npy");
  }
  Tensor outputs_of(const std::string& model, const std::string& input) const {
    const Outcome outcome =
        run_shrike({"run", "--model", model, "--input", input, "--output", path("o")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const Result<Tensor> tensor = read_npy(at("o/output0.npy"));
    EXPECT_TRUE(tensor);
    return tensor ? *tensor : Tensor();
  }
};

TEST_F(ConvertRun, RunWritesTheModelsOwnOutputs) {
  const Tensor out = outputs_of(model_, array(Shape{1, 3, 32, 64}));
  EXPECT_EQ(out.shape(), Shape({1, 2, 7}));
  const float sure = 1 / (1 + std::exp(-9.0f));
  const std::vector<float> first = {16, 16, 10, 20, sure};
  for (size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(out.data<float>()[i], first[i], 1e-4f);
}

TEST_F(ConvertRun, RunAtAnotherSize) {
  const std::string x = array(Shape{1, 3, 64, 96});
  const Outcome outcome = run_shrike({"run", "--model", model_, "--input", x, "--output", path("o"),
                                      "--imgsz", "64,96", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Result<Json> json = parse_json(outcome.out, "run --json");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["model"], model_);
  const Json output = {
      {"name", "output0"}, {"file", path("o/output0.npy")}, {"type", "f32"}, {"shape", {1, 6, 7}}};
  EXPECT_EQ((*json)["outputs"], Json::array({output}));
  ASSERT_EQ(run_shrike({"convert", model_, path("b.onnx"), "--imgsz", "64,96"}).code, 0);
  const Result<Tensor> direct = read_npy(at("o/output0.npy"));
  ASSERT_TRUE(direct) << direct.error().message;
  EXPECT_TRUE(*direct == outputs_of(path("b.onnx"), x));
}

TEST_F(ConvertRun, RunSaysWhatDoesNotFit) {
  const Outcome size = run_shrike(
      {"run", "--model", model_, "--input", array(Shape{1, 3, 32, 65}), "--output", path("o")});
  EXPECT_NE(size.code, 0);
  for (const char* part : {"tiny.onnx", "x.npy", "1x3x32x65", "1x3x32x64"})
    EXPECT_NE(size.err.find(part), std::string::npos) << part << " in " << size.err;
  ASSERT_TRUE(save_npy(Tensor(DType::kU8, Shape{1, 3, 32, 64}), at("u8.npy")));
  const Outcome type =
      run_shrike({"run", "--model", model_, "--input", path("u8.npy"), "--output", path("o")});
  EXPECT_EQ(type.code, 3);
}

TEST_F(ConvertRun, ConvertKeepsTheOutputs) {
  const std::string input = array(Shape{1, 3, 32, 64});
  const Tensor before = outputs_of(model_, input);
  for (const char* option : {"--opset=13", "--opset=17", "--opset=21", "--fold-batchnorm"}) {
    const Outcome outcome = run_shrike({"convert", model_, path("b.onnx"), option});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outputs_of(path("b.onnx"), input) == before) << option;
  }
}

TEST_F(ConvertRun, ConvertToAnotherSize) {
  const Outcome outcome = run_shrike({"convert", model_, path("b.onnx"), "--imgsz", "64,96"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outputs_of(path("b.onnx"), array(Shape{1, 3, 64, 96})).shape(), Shape({1, 6, 7}));
  const Outcome json = run_shrike({"convert", model_, path("c.onnx"), "--opset=18", "--json"});
  const Result<Json> said = parse_json(json.out, "convert --json");
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ((*said)["file"], path("c.onnx"));
  EXPECT_EQ((*said)["opset"], 18);
}

constexpr const char* kCfg = R"([net]
width=32
height=32
channels=3

[convolutional]
filters=18
size=32
stride=32
pad=0
activation=linear

[yolo]
mask = 0,1,2
anchors = 4,8, 8,4, 16,16
classes=1
num=3
)";

TEST_F(ConvertRun, DarknetFilesInEitherOrder) {
  const std::string cfg = file("d.cfg", kCfg);
  // Version 0.2, 64 bits of "seen", then biases and weights, all zero.
  std::string bytes(20 + 4 * (18 + 18 * 3 * 1024), '\0');
  bytes[4] = 2;
  const std::string weights = file("w/d.weights", bytes);
  for (const auto& words : {std::vector{cfg, weights}, std::vector{weights, cfg}}) {
    const Outcome outcome = run_shrike({"convert", words[0], words[1], path("d.onnx")});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outputs_of(path("d.onnx"), array(Shape{1, 3, 32, 32})).shape(), Shape({1, 3, 6}));
  }
  EXPECT_EQ(run_shrike({"inspect", cfg, "--weights", weights}).code, 0);
  // Endings in capitals, as old systems have them.
  const std::string capital = file("c/D.CFG", kCfg), heavy = file("c/D.WEIGHTS", bytes);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"inspect", capital},
                                                {"inspect", heavy},
                                                {"convert", heavy, capital, path("D.ONNX")},
                                                {"inspect", path("D.ONNX")}})
    EXPECT_EQ(run_shrike(words).code, 0) << words[1] << run_shrike(words).err;
  const Outcome benched = run_shrike({"bench", "--model", capital, "--json", "--runs", "1"});
  EXPECT_NE(benched.out.find("\"model_bytes\":" +
                             std::to_string(std::string(kCfg).size() + bytes.size())),
            std::string::npos)
      << benched.out;
  const Outcome alone = run_shrike({"inspect", cfg});
  EXPECT_EQ(alone.code, 4);
  EXPECT_NE(alone.err.find("d.weights"), std::string::npos);
  const Outcome cut =
      run_shrike({"inspect", cfg, "--weights", file("cut.weights", bytes.substr(0, 999))});
  EXPECT_EQ(cut.code, 4);
  EXPECT_NE(cut.err.find("cut.weights"), std::string::npos);
}

TEST_F(ConvertRun, ConvertRefusesOtherEndings) {
  EXPECT_EQ(run_shrike({"convert", model_, path("b.weights")}).code, 2);
  EXPECT_EQ(run_shrike({"convert", model_}).code, 2);
  EXPECT_EQ(run_shrike({"convert", model_, path("no/such/b.onnx")}).code, 5);
}

TEST_F(ConvertRun, NothingThatIsReadIsReplaced) {
  namespace fs = std::filesystem;
  const std::string before = bytes_of(model_);
  fs::create_symlink(model_, at("link.onnx"));
  fs::create_hard_link(model_, at("hard.onnx"));
  for (const std::string& out : {model_,
                                 path("../") + at("").parent_path().filename().string() + "/" +
                                     fs::path(model_).filename().string(),
                                 path("link.onnx"), path("hard.onnx")}) {
    const Outcome outcome = run_shrike({"convert", model_, out});
    EXPECT_EQ(outcome.code, 2) << out << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(out), std::string::npos) << outcome.err;
  }
  EXPECT_TRUE(fs::is_symlink(at("link.onnx")));
  EXPECT_EQ(bytes_of(model_), before);

  array(Shape{1, 3, 32, 64});
  fs::create_directory(at("o"));
  fs::rename(at("x.npy"), at("o/output0.npy"));
  const std::string array_before = bytes_of(at("o/output0.npy"));
  const Outcome outcome = run_shrike(
      {"run", "--model", model_, "--input", path("o/output0.npy"), "--output", path("o")});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_EQ(bytes_of(at("o/output0.npy")), array_before);

  EXPECT_EQ(run_shrike({"bench", "--model", model_, "--runs", "1", "--trace", model_}).code, 2);
  EXPECT_EQ(bytes_of(model_), before);
}

// y = x + a constant that lies in `location`, beside the model.
std::string model_with_external_data(const std::string& location) {
  std::string constant;
  protozero::pbf_writer writer(constant);
  writer.add_int64(onnx::tensor::kDims, 1);
  writer.add_int32(onnx::tensor::kDataType, 1);  // FLOAT
  writer.add_string(onnx::tensor::kName, "c");
  onnx::encode_entry(writer, onnx::tensor::kExternalData, "location", location);
  writer.add_int64(onnx::tensor::kDataLocation, onnx::kLocationExternal);
  return onnx::TestModel(18)
      .input("x", {1, 3, 2, 2})
      .output("y", {1, 3, 2, 2})
      .tensor_bytes(constant)
      .node("Add", {"x", "c"})
      .bytes();
}

TEST_F(ConvertRun, ExternalDataIsNotReplaced) {
  namespace fs = std::filesystem;
  const std::string data("\0\0\x80\x3f", 4);  // 1.0f
  const auto refused = [&](const std::string& location, std::vector<std::string> command) {
    file(location, data);
    file("m.onnx", model_with_external_data(location));
    const Outcome outcome = run_shrike(std::move(command));
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(location), std::string::npos) << outcome.err;
    EXPECT_EQ(bytes_of(at(location)), data);
  };
  const std::string model = path("m.onnx"), input = array(Shape{1, 3, 2, 2});
  refused("weights.onnx", {"convert", model, path("weights.onnx")});
  refused("trace.json", {"bench", "--model", model, "--runs", "1", "--trace", path("trace.json")});
  refused("y.npy", {"run", "--model", model, "--input", input, "--output", path(".")});
  EXPECT_EQ(run_shrike({"convert", model, path("other.onnx")}).code, 0);
}

}  // namespace
}  // namespace shrike::testing
