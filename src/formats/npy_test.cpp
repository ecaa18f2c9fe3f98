#include "formats/npy.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

Result<Tensor> read(const std::string& bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());  // of exactly this size
  return read_npy(std::as_bytes(std::span(copy)), nullptr, "a.npy");
}

std::string file(const std::string& header, const std::string& data, char version = 1) {
  std::string out = "\x93NUMPY";
  out +=
      {version, 0, static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  if (version > 1) out += std::string(2, '\0');
  return out + header + data;
}

const std::string kFour(4, '\0');

TEST(Npy, WhatIsWrittenReadsBack) {
  for (const DTypeInfo& info : kDTypes)
    for (const Shape& shape :
         {Shape{}, Shape{0}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{1, 0, 5}, Shape{1, 3, 5, 7}}) {
      const Tensor tensor(info.type, shape);
      const Result<Tensor> back = read(write_npy(tensor));
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(*back, tensor);
    }
}

TEST(Npy, WritesWhatNumpyWrites) {
  const std::string bytes = write_npy(Tensor::from<float>(Shape{1, 2}, {1, 2}));
  EXPECT_EQ(bytes.size(), 128u + 8u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_TRUE(bytes.substr(10).starts_with(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }  "));
  EXPECT_EQ(bytes[127], '\n');
  EXPECT_NE(write_npy(Tensor::from<int64_t>(Shape{1}, {1})).find("'shape': (1,), }"),
            std::string::npos);
  EXPECT_NE(write_npy(Tensor::scalar(1.0)).find("'shape': (), }"), std::string::npos);
}

TEST(Npy, HeadersOfOtherWriters) {
  EXPECT_TRUE(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", kFour)));
  EXPECT_TRUE(read(file("{'shape':(1),'descr':'<f4','fortran_order':False}", kFour)));
  EXPECT_TRUE(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", kFour, 2)));
  EXPECT_TRUE(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", kFour, 3)));
  EXPECT_TRUE(read(file("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", kFour)));
  EXPECT_TRUE(read(file("{'descr': '<u1', 'fortran_order': False, 'shape': (2, 2)}", kFour)));
}

TEST(Npy, WrongFilesAreErrors) {
  const auto error = [](const std::string& header, const std::string& data, char version = 1) {
    const Result<Tensor> tensor = read(file(header, data, version));
    if (tensor) return std::string();
    EXPECT_EQ(tensor.error().kind, ErrorKind::kInput);
    EXPECT_NE(tensor.error().message.find("a.npy"), std::string::npos);
    return tensor.error().message;
  };
  const std::string start = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
  EXPECT_NE(error("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}",
                  kFour + kFour + kFour + kFour)
                .find("Fortran"),
            std::string::npos);
  EXPECT_NE(error("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", kFour).find("'>f4'"),
            std::string::npos);
  EXPECT_NE(error("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", kFour), "");
  EXPECT_NE(error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", kFour), "");
  EXPECT_NE(error("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", "\x02"), "");
  for (const std::string shape : {"(2,)", "(0,)", "(-1,)", "(1, 1", "(1.5,)", "1", "(,)", "(1 1)",
                                  "(9223372036854775807, 3)", "(99999999999999999999,)"})
    EXPECT_NE(error(start + shape + "}", kFour), "") << shape;
  EXPECT_NE(error(start + "(1,)} x", kFour), "");
  EXPECT_NE(error(start + "(1,), 'descr': '<f4'}", kFour), "");
  EXPECT_NE(error("{'descr': '<f4', 'shape': (1,)}", kFour), "");
  EXPECT_NE(error("{'a': '<f4', 'fortran_order': False, 'shape': (1,)}", kFour), "");
  EXPECT_NE(error("", kFour), "");
  EXPECT_NE(error(start + "(1,)}", kFour, 4), "");
  EXPECT_NE(error(start + "(1,)}", kFour, 0), "");
}

TEST(Npy, EveryTruncationIsAnError) {
  const std::string bytes = write_npy(Tensor::from<float>(Shape{2}, {1, 2}));
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(read(bytes.substr(0, length))) << length;
  EXPECT_FALSE(read(bytes + "x"));
}

TEST(Npy, Files) {
  const TestFolder folder;
  const Tensor tensor = Tensor::from<float>(Shape{3}, {1, 2, 3});
  ASSERT_TRUE(save_npy(tensor, folder / "a.npy"));
  const Result<Tensor> back = read_npy(folder / "a.npy");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, tensor);
  EXPECT_FALSE(read_npy(folder / "missing.npy"));
  EXPECT_FALSE(read_npy(folder.path()));
}

}  // namespace
}  // namespace shrike
