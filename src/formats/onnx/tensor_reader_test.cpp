// Tensors in every way that a file may hold them, and external data that must not be believed.
#include "formats/onnx/tensor_reader.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/half.h"
#include "formats/onnx/test_model.h"
#include "formats/test_folder.h"

namespace shrike::onnx {
namespace {

namespace fs = std::filesystem;
using Writer = protozero::pbf_writer;

std::string proto(int type, const std::vector<int64_t>& dims) {
  std::string out;
  Writer writer(out);
  for (const int64_t dim : dims) writer.add_int64(tensor::kDims, dim);
  writer.add_int32(tensor::kDataType, type);
  writer.add_string(tensor::kName, "t");
  return out;
}

std::string raw(int type, const std::vector<int64_t>& dims, const std::string& data) {
  std::string out = proto(type, dims);
  Writer(out).add_bytes(tensor::kRawData, data);
  return out;
}

std::string typed(int type, const std::vector<int64_t>& dims, uint32_t field,
                  const std::vector<int64_t>& data, bool packed = true) {
  std::string out = proto(type, dims);
  Writer writer(out);
  if (packed)
    writer.add_packed_int64(field, data.begin(), data.end());
  else
    for (const int64_t value : data) writer.add_int64(field, value);
  return out;
}

Result<Tensor> read(const std::string& bytes, const fs::path& folder = {}) {
  TensorReader reader(nullptr, folder);
  Result<NamedTensor> named = reader.read(bytes);
  if (!named) return named.error();
  EXPECT_EQ(named->name, "t");
  return named->tensor;
}

std::string error(const std::string& bytes, const fs::path& folder = {}) {
  const Result<Tensor> tensor = read(bytes, folder);
  return tensor ? "" : tensor.error().message;
}

template <typename T>
std::vector<T> values(const Result<Tensor>& tensor) {
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  return {tensor->data<T>().begin(), tensor->data<T>().end()};
}

TEST(OnnxTensor, TypedFields) {
  EXPECT_EQ(values<int64_t>(read(typed(7, {2}, tensor::kInt64Data, {5, -6}))),
            (std::vector<int64_t>{5, -6}));
  EXPECT_EQ(values<int64_t>(read(typed(7, {2}, tensor::kInt64Data, {5, -6}, false))),
            (std::vector<int64_t>{5, -6}));
  EXPECT_EQ(values<int32_t>(read(typed(6, {1}, tensor::kInt32Data, {-7}))),
            (std::vector<int32_t>{-7}));
  EXPECT_EQ(values<int8_t>(read(typed(3, {2}, tensor::kInt32Data, {-128, 127}))),
            (std::vector<int8_t>{-128, 127}));
  EXPECT_EQ(values<uint8_t>(read(typed(2, {1}, tensor::kInt32Data, {255}))),
            (std::vector<uint8_t>{255}));
  EXPECT_EQ(values<uint16_t>(read(typed(10, {1}, tensor::kInt32Data, {0x3C00}))),
            (std::vector<uint16_t>{float_to_half(1.0f)}));
  EXPECT_EQ(values<bool>(read(typed(9, {2}, tensor::kInt32Data, {1, 0}))),
            (std::vector<bool>{true, false}));
  std::string f32 = proto(1, {2});
  const std::vector<float> floats = {1.5f, -2};
  Writer(f32).add_packed_float(tensor::kFloatData, floats.begin(), floats.end());
  EXPECT_EQ(values<float>(read(f32)), floats);
  std::string f64 = proto(11, {1});
  Writer(f64).add_double(tensor::kDoubleData, 0.25);
  EXPECT_EQ(values<double>(read(f64)), std::vector<double>{0.25});
}

TEST(OnnxTensor, RawData) {
  const std::string one("\0\0\x80\x3f", 4);
  EXPECT_EQ(values<float>(read(raw(1, {1}, one))), std::vector<float>{1});
  EXPECT_EQ(values<float>(read(raw(1, {}, one))), std::vector<float>{1});
  EXPECT_EQ(values<float>(read(raw(1, {2, 0}, ""))), std::vector<float>{});
  // bfloat16: the upper half of a float.
  EXPECT_EQ(values<float>(read(raw(16, {1}, std::string("\x80\x3f", 2)))), std::vector<float>{1});
}

TEST(OnnxTensor, BorrowsWhereTheFileIsKnown) {
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "tensor", raw(3, {4}, "abcd")));  // bytes are always aligned
  const auto file = MappedFile::open(folder / "tensor", ErrorKind::kModel);
  ASSERT_TRUE(file);
  const std::string_view message(reinterpret_cast<const char*>((*file)->bytes().data()),
                                 (*file)->bytes().size());
  TensorReader reader(*file, {});
  Result<NamedTensor> named = reader.read(message);
  ASSERT_TRUE(named);
  const auto* data = reinterpret_cast<const char*>(named->tensor.bytes().data());
  EXPECT_GE(data, message.data());
  EXPECT_LT(data, message.data() + message.size());
  // The pages go with the tensor, and come back for the next one.
  named = reader.read(message);
  ASSERT_TRUE(named);
  EXPECT_EQ(values<int8_t>(named->tensor), (std::vector<int8_t>{97, 98, 99, 100}));
}

TEST(OnnxTensor, DataMustFitTheShape) {
  EXPECT_NE(error(raw(1, {2}, "1234")), "");
  EXPECT_NE(error(raw(1, {1}, "12345678")), "");
  EXPECT_NE(error(raw(1, {1}, "123")), "");
  EXPECT_NE(error(proto(1, {1})), "");
  EXPECT_NE(error(typed(7, {3}, tensor::kInt64Data, {1, 2})), "");
  EXPECT_NE(error(typed(7, {1}, tensor::kInt32Data, {1})), "");  // the wrong field
  EXPECT_NE(error(raw(1, {-1}, "1234")), "");
  const int64_t huge = int64_t{1} << 62;
  EXPECT_NE(error(raw(1, {huge, huge, huge}, "1234")), "");
  EXPECT_NE(error(raw(1, {huge, 4}, "")), "");  // wraps to nothing in 64 bits
  EXPECT_NE(error(raw(1, std::vector<int64_t>(100, 1), "1234")), "");
}

TEST(OnnxTensor, ElementsMustFitTheirType) {
  EXPECT_NE(error(typed(3, {1}, tensor::kInt32Data, {128})), "");
  EXPECT_NE(error(typed(2, {1}, tensor::kInt32Data, {-1})), "");
  EXPECT_NE(error(typed(9, {1}, tensor::kInt32Data, {2})), "");
  EXPECT_NE(error(raw(9, {1}, "\x07")), "");
  EXPECT_NE(error(raw(8, {1}, "text")).find("element type 8"), std::string::npos);
  EXPECT_NE(error(raw(0, {1}, "1234")), "");
  EXPECT_NE(error(raw(-5, {1}, "1234")), "");
}

// --- external data ---

std::string external(const std::string& location, const std::string& offset,
                     const std::string& length, int type = 1,
                     const std::vector<int64_t>& dims = {2}) {
  std::string out = proto(type, dims);
  Writer writer(out);
  encode_entry(writer, tensor::kExternalData, "location", location);
  if (!offset.empty()) encode_entry(writer, tensor::kExternalData, "offset", offset);
  if (!length.empty()) encode_entry(writer, tensor::kExternalData, "length", length);
  writer.add_int64(tensor::kDataLocation, kLocationExternal);
  return out;
}

class OnnxExternalData : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder / "model");
    std::string data(4, '\0');
    for (const float value : {1.0f, 2.0f})
      data.append(reinterpret_cast<const char*>(&value), sizeof value);
    ASSERT_TRUE(write_file(folder / "model/weights.bin", data));
    ASSERT_TRUE(write_file(folder / "secret.bin", data));
  }
  std::string refusal(const std::string& location) {
    return error(external(location, "4", "8"), folder / "model");
  }
  TestFolder folder;
};

TEST_F(OnnxExternalData, IsReadFromTheModelsFolder) {
  const std::vector<float> expected = {1, 2};
  EXPECT_EQ(values<float>(read(external("weights.bin", "4", "8"), folder / "model")), expected);
  EXPECT_EQ(values<float>(read(external("./weights.bin", "4", ""), folder / "model")), expected);
  // A link that stays inside is fine.
  fs::create_symlink("weights.bin", folder / "model/link.bin");
  EXPECT_EQ(refusal("link.bin"), "");
}

TEST_F(OnnxExternalData, NoOtherFileIsRead) {
  EXPECT_NE(refusal("../secret.bin").find("inside the model's folder"), std::string::npos);
  EXPECT_NE(refusal("a/../../secret.bin"), "");
  EXPECT_NE(refusal((folder / "secret.bin").string()), "");
  EXPECT_NE(refusal("/etc/passwd"), "");
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("."), "");
  EXPECT_NE(refusal("missing.bin"), "");
  EXPECT_NE(refusal(std::string("weights.bin\0.txt", 16)), "");

  fs::create_symlink(folder / "secret.bin", folder / "model/out.bin");
  EXPECT_NE(refusal("out.bin").find("link out"), std::string::npos);
  fs::create_directory_symlink(folder.path(), folder / "model/up");
  EXPECT_NE(refusal("up/secret.bin").find("link out"), std::string::npos);
  fs::create_hard_link(folder / "secret.bin", folder / "model/hard.bin");
  EXPECT_NE(refusal("hard.bin").find("hard link"), std::string::npos);
  // A folder whose name starts with this one's is another folder.
  fs::create_directories(folder / "model2");
  fs::copy_file(folder / "model/weights.bin", folder / "model2/weights.bin");
  fs::create_symlink(folder / "model2/weights.bin", folder / "model/near.bin");
  EXPECT_NE(refusal("near.bin").find("link out"), std::string::npos);
}

// What was a file when it was looked at may be a link when it is opened: no part is followed then.
TEST_F(OnnxExternalData, NoLinkIsFollowedWhenAFileIsOpened) {
  const auto error_of = [&](const fs::path& relative) {
    errno = 0;
    return open_beneath(folder / "model", relative).get() >= 0 ? 0 : errno;
  };
  fs::create_directories(folder / "model/a/b");
  fs::copy_file(folder / "model/weights.bin", folder / "model/a/b/c.bin");
  fs::create_symlink("weights.bin", folder / "model/link.bin");
  fs::create_directory_symlink("a", folder / "model/link");
  EXPECT_EQ(error_of("weights.bin"), 0);
  EXPECT_EQ(error_of("a/b/c.bin"), 0);
  EXPECT_EQ(error_of("none.bin"), ENOENT);
  EXPECT_EQ(error_of("link.bin"), ELOOP);
  EXPECT_EQ(error_of("link/b/c.bin"), ENOTDIR);
}

// One range under many names must not be many copies.
TEST_F(OnnxExternalData, TensorsOfOneRangeShareTheirMemory) {
  fs::create_symlink("weights.bin", folder / "model/link.bin");
  TensorReader reader(nullptr, folder / "model");
  const auto place = [&](const std::string& bytes) -> const std::byte* {
    const Result<NamedTensor> named = reader.read(bytes);
    return named ? named->tensor.bytes().data() : nullptr;
  };
  const std::byte* misaligned = place(external("weights.bin", "1", "8"));
  ASSERT_NE(misaligned, nullptr);
  EXPECT_EQ(place(external("weights.bin", "1", "8")), misaligned);
  EXPECT_EQ(place(external("./link.bin", "1", "8")), misaligned);
  EXPECT_EQ(reader.read(external("weights.bin", "1", "8", 1, {1, 2}))->tensor.shape(),
            (Shape{1, 2}));
  const std::byte* other_type = place(external("weights.bin", "1", "8", 2, {8}));
  EXPECT_NE(other_type, nullptr);
  EXPECT_NE(other_type, misaligned);
}

TEST_F(OnnxExternalData, CopiesNeverOutgrowTheFile) {
  TensorReader reader(nullptr, folder / "model");
  EXPECT_TRUE(reader.read(external("weights.bin", "1", "8")));
  const Result<NamedTensor> overlaps = reader.read(external("weights.bin", "2", "8"));
  ASSERT_FALSE(overlaps);
  EXPECT_NE(overlaps.error().message.find("overlap"), std::string::npos);
  EXPECT_FALSE(reader.read(external("weights.bin", "0", "8", 16, {4})));  // widened: a copy
  EXPECT_TRUE(reader.read(external("weights.bin", "0", "8")));            // aligned: no copy
  EXPECT_TRUE(reader.read(external("weights.bin", "4", "8")));
}

// Nor must a few bytes make it walk over a large file again and again.
TEST_F(OnnxExternalData, BoolsAreLookedAtOnce) {
  ASSERT_TRUE(write_file(folder / "model/bools.bin", std::string(8, '\1')));
  TensorReader reader(nullptr, folder / "model");
  EXPECT_TRUE(reader.read(external("bools.bin", "0", "6", 9, {6})));
  EXPECT_TRUE(reader.read(external("bools.bin", "0", "6", 9, {2, 3})));  // the same tensor
  const Result<NamedTensor> overlaps = reader.read(external("bools.bin", "1", "6", 9, {6}));
  ASSERT_FALSE(overlaps);
  EXPECT_NE(overlaps.error().message.find("overlap"), std::string::npos);
  EXPECT_TRUE(reader.read(external("bools.bin", "6", "2", 9, {2})));
}

TEST_F(OnnxExternalData, NeedsAFolder) {
  EXPECT_NE(error(external("weights.bin", "4", "8")).find("no folder"), std::string::npos);
}

TEST_F(OnnxExternalData, RangesAreChecked) {
  const auto refused = [&](const std::string& offset, const std::string& length) {
    return error(external("weights.bin", offset, length), folder / "model") != "";
  };
  EXPECT_TRUE(refused("5", "8"));
  EXPECT_TRUE(refused("18446744073709551615", "8"));
  EXPECT_TRUE(refused("18446744073709551608", "8"));
  EXPECT_TRUE(refused("-4", "8"));
  EXPECT_TRUE(refused("0x4", "8"));
  EXPECT_TRUE(refused("4 ", "8"));
  EXPECT_TRUE(refused("4", "7"));
  EXPECT_TRUE(refused("4", "12"));
  EXPECT_TRUE(refused("4", "many"));
  EXPECT_FALSE(refused("0", "8"));
}

}  // namespace
}  // namespace shrike::onnx
