#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

// As the safetensors package for Python writes {"b": int16 [7], "a": float32 [[1, 2]]} of NumPy.
const std::string kHeader = R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                            R"("b":{"dtype":"I16","shape":[1],"data_offsets":[8,10]}})";
const std::string kData("\x00\x00\x80\x3f\x00\x00\x00\x40\x07\x00", 10);

std::string file(const std::string& header, const std::string& data) {
  std::string out(8, '\0');
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(header.size() >> (8 * i));
  return out + header + data;
}

Result<Safetensors> read(const std::string& bytes) {
  const auto copy = std::make_shared<const std::vector<char>>(bytes.begin(), bytes.end());
  return read_safetensors(std::as_bytes(std::span(*copy)), copy, "a.safetensors");
}

std::string written(const std::vector<NamedTensor>& tensors,
                    const std::map<std::string, std::string>& metadata = {}) {
  std::string out = safetensors_header(tensors, metadata);
  for (const NamedTensor& item : tensors) {
    const std::span<const std::byte> bytes = item.tensor.bytes();
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return out;
}

TEST(Safetensors, FilesOfTheirAuthors) {
  const Result<Safetensors> read_back = read(file(kHeader + "      ", kData));
  ASSERT_TRUE(read_back) << read_back.error().message;
  ASSERT_EQ(read_back->tensors.size(), 2u);
  EXPECT_EQ(read_back->tensors[0].name, "a");
  EXPECT_EQ(read_back->tensors[0].tensor, Tensor::from<float>(Shape{1, 2}, {1, 2}));
  EXPECT_EQ(read_back->tensors[1].tensor, Tensor::from<int16_t>(Shape{1}, {7}));
}

TEST(Safetensors, WritesWhatTheyWrite) {
  const std::string bytes = written({{"a", Tensor::from<float>(Shape{1, 2}, {1, 2})},
                                     {"b", Tensor::from<int16_t>(Shape{1}, {7})}});
  std::string header = kHeader;
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(bytes, file(header, kData));
}

TEST(Safetensors, WhatIsWrittenReadsBack) {
  std::vector<NamedTensor> tensors;
  for (const DTypeInfo& info : kDTypes)
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 1, 3}, Shape{4, 0}})
      tensors.push_back(
          {std::string(info.name) + "/\"é\n" + to_string(shape), Tensor(info.type, shape)});
  const Result<Safetensors> back = read(written(tensors, {{"format", "pt"}, {"", ""}}));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->metadata, (std::map<std::string, std::string>{{"", ""}, {"format", "pt"}}));
  ASSERT_EQ(back->tensors.size(), tensors.size());
  std::map<std::string, Tensor> by_name;
  for (const NamedTensor& item : back->tensors) by_name[item.name] = item.tensor;
  for (const NamedTensor& item : tensors)
    EXPECT_EQ(by_name.at(item.name), item.tensor) << item.name;
}

TEST(Safetensors, TensorsOutliveTheFile) {
  TestFolder folder;
  const auto path = folder / "x.safetensors";
  ASSERT_TRUE(write_file(path, file(kHeader, kData)));
  Result<Safetensors> back = read_safetensors(path);
  ASSERT_TRUE(back) << back.error().message;
  std::filesystem::remove(path);
  EXPECT_EQ(back->tensors[0].tensor.data<float>()[1], 2);
}

TEST(Safetensors, WrongFilesAreErrors) {
  const auto error = [](const std::string& bytes) {
    const Result<Safetensors> result = read(bytes);
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kInput);
    EXPECT_TRUE(result.error().message.starts_with("cannot read a.safetensors: "))
        << result.error().message;
    return result.error().message;
  };
  const auto one = [](const std::string& entry) { return "{\"a\":" + entry + "}"; };
  const auto says = [&](const std::string& message, const char* what) {
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  const std::string f4(4, '\0');
  says(error("short"), "too short");
  says(error(file(kHeader, kData).substr(0, 40)), "header is not all there");
  says(error(std::string(8, '\xff')), "header is not all there");
  says(error(file("[]", "")), "not an object");
  says(error(file("{", "")), "not valid JSON");
  says(error(file(one("3"), "")), "'a': not an object");
  says(error(file(one(R"({"dtype":"F32","shape":[1]})"), f4)), "is not there");
  says(error(file(one(R"({"dtype":"BF16","shape":[2],"data_offsets":[0,4]})"), f4)),
       "'BF16' is not supported");
  says(error(file(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), f4)), "no size");
  says(error(file(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), f4)), "4 bytes");
  says(error(file(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), f4)),
       "a place that is none");
  says(error(file(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), f4)),
       "behind the file's end");
  says(error(
           file(one(R"({"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]})"), "")),
       "'a'");
  says(error(file(one(R"({"dtype":"U8","shape":[4],"data_offsets":[0,4]})"), f4 + "x")), "overlap");
  says(error(file(one(R"({"dtype":"BOOL","shape":[1],"data_offsets":[0,1]})"), "\x02")), "bool");
  says(error(file(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                  R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                  f4)),
       "overlap");
  says(error(file(R"({"__metadata__":{"a":1}})", "")), "not text");
}

}  // namespace
}  // namespace shrike
