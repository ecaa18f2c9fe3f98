#include "cli/recovery_folder.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kBudgets = {"macs", "ratio"};

Json wish(const char* budget, double value) {
  return {{"train", {"--batch", "8"}}, {"seed", 0}, {budget, value}};
}

class Recoveries : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return folder_.path() / name; }

  void put(const std::string& name, const std::string& bytes = "bytes") const {
    fs::create_directories(at(name).parent_path());
    ASSERT_TRUE(write_file(at(name), bytes));
  }
  std::string bytes_of(const std::string& name) const {
    const Result<std::string> bytes = read_text(at(name), ErrorKind::kInput);
    return bytes ? *bytes : "nothing";
  }
  Result<FolderLock> open(const Json& asked, const std::string& model = "model") const {
    return RecoveryFolder(at("r")).open(asked, kBudgets, model);
  }
  void refused(const Json& asked, const std::string& part) const {
    const Result<FolderLock> opened = open(asked);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::kUsage);
    EXPECT_NE(opened.error().message.find(part), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find(at("r").native()), std::string::npos);
  }
  // That it is one that `asked` began just now.
  void expect_new(const Json& asked, const std::string& model = "model") const {
    EXPECT_EQ(bytes_of("r/recovery.json"), dump_json(asked, 2) + "\n");
    EXPECT_EQ(bytes_of("r/original.onnx"), model);
    EXPECT_FALSE(fs::exists(at("r/step-1/pruned.onnx")));
  }

  TestFolder folder_;
  const Json half_ = wish("macs", 0.5), third_ = wish("ratio", 0.3);
};

TEST_F(Recoveries, TheSameCommandGoesOn) {
  ASSERT_TRUE(open(half_));
  expect_new(half_);
  put("r/step-1/pruned.onnx");
  put("r/step-1/run/args.json");
  ASSERT_TRUE(open(half_));
  EXPECT_EQ(bytes_of("r/step-1/pruned.onnx"), "bytes");
  refused(third_, "another pruning lies there");
  fs::remove(at("r/step-1/run/args.json"));
  put("r/step-1/recovered.onnx");
  refused(third_, "another pruning lies there");
  EXPECT_EQ(bytes_of("r/step-1/pruned.onnx"), "bytes");
}

TEST_F(Recoveries, AnotherCommandBeginsWhereNothingWasTrained) {
  ASSERT_TRUE(open(half_));
  for (const char* name : {"taylor.onnx", "taylor.json", "pruned.onnx"})
    for (const char* step : {"r/step-1/", "r/step-12/"}) put(std::string(step) + name);
  fs::create_directories(at("r/step-12/run"));
  const char* somebodys[] = {"r/notes.txt", "r/step-1/notes.txt", "r/step-01/pruned.onnx",
                             "r/step-by-step/pruned.onnx", "r/step-1/run/run.lock"};
  for (const char* name : somebodys) put(name);
  ASSERT_TRUE(open(third_));
  expect_new(third_);
  for (const char* name : {"r/step-1/taylor.onnx", "r/step-1/taylor.json", "r/step-12"})
    EXPECT_FALSE(fs::exists(at(name))) << name;
  for (const char* name : somebodys) EXPECT_EQ(bytes_of(name), "bytes") << name;
  put("r/step-1/pruned.onnx");
  ASSERT_TRUE(open(third_, "another model"));
  expect_new(third_, "another model");
}

TEST_F(Recoveries, OneProcessAtATime) {
  {
    const Result<FolderLock> first = open(half_);
    ASSERT_TRUE(first);
    refused(half_, "is at work in this folder");
    refused(third_, "is at work in this folder");
    expect_new(half_);
  }
  EXPECT_TRUE(open(half_));
  put("other/step-1/pruned.onnx");
  EXPECT_FALSE(RecoveryFolder(at("other")).open(half_, kBudgets, "model"));
  EXPECT_FALSE(fs::exists(at("other/prune.lock"))) << "in somebody's folder";
}

// The note stays to the end, so that neither the old command nor another one is kept out.
TEST_F(Recoveries, ALockWritesOverNothing) {
  put("victim", "precious");
  fs::create_directories(at("r"));
  fs::create_symlink("../victim", at("r/prune.lock"));
  refused(wish("macs", 0.5), "is a link");
  EXPECT_EQ(bytes_of("victim"), "precious");
  fs::remove(at("r/prune.lock"));
  put("r/prune.lock", "precious");
  EXPECT_TRUE(open(wish("macs", 0.5)));
  EXPECT_EQ(bytes_of("r/prune.lock"), "precious");
}

// A run whose settings are gone was one all the same; what is no run at all is somebody's.
TEST_F(Recoveries, WhatWasTrainedStays) {
  ASSERT_TRUE(open(wish("macs", 0.5)));
  put("r/step-1/run/last.onnx");
  refused(wish("macs", 0.6), "another pruning lies there");
  EXPECT_EQ(bytes_of("r/step-1/run/last.onnx"), "bytes");
  fs::remove_all(at("r/step-1/run"));
  put("r/step-1/run");
  refused(wish("macs", 0.6), "is nothing that prune made");
  EXPECT_EQ(bytes_of("r/step-1/run"), "bytes");
  fs::remove(at("r/step-1/run"));
  put("r/step-1/run/run.lock");
  EXPECT_TRUE(open(wish("macs", 0.6)));
}

TEST_F(Recoveries, ATeacherThatIsGoneIsNamed) {
  ASSERT_TRUE(open(wish("macs", 0.5)));
  put("r/step-1/run/args.json");
  fs::remove(at("r/original.onnx"));
  refused(wish("macs", 0.5), "the original.onnx of what was trained there is gone");
}

TEST_F(Recoveries, BeginningAnewMayEndInBetween) {
  for (const Json& next : {half_, third_})
    for (const bool pruned : {true, false}) {
      fs::remove_all(at("r"));
      ASSERT_TRUE(open(half_));
      put("r/step-1/notes.txt");
      if (pruned) put("r/step-1/pruned.onnx");
      fs::remove(at("r/original.onnx"));
      const Result<FolderLock> opened = open(next);
      ASSERT_TRUE(opened) << opened.error().message;
      expect_new(next);
    }
}

TEST_F(Recoveries, WhatIsNotPrunesStays) {
  put("r/recovery.json", "{\"seed\": 0, \"macs\": 0.5}");
  put("r/step-1/pruned.onnx");
  refused(half_, "not that of a pruning");
  put("r/recovery.json", "{\"seed\": 0, \"train\": []}");
  refused(half_, "not that of a pruning");
  put("r/recovery.json", "seed");
  refused(half_, "not that of a pruning");
  EXPECT_EQ(bytes_of("r/step-1/pruned.onnx"), "bytes");

  fs::remove_all(at("r"));
  ASSERT_TRUE(open(half_));
  put("elsewhere/pruned.onnx");
  fs::create_directory_symlink(at("elsewhere"), at("r/step-2"));
  refused(third_, "'step-2' is nothing that prune made");
  EXPECT_EQ(bytes_of("elsewhere/pruned.onnx"), "bytes");
  EXPECT_EQ(bytes_of("r/original.onnx"), "model");

  fs::remove_all(at("r"));
  put("r/step-1/pruned.onnx");
  refused(half_, "no recovery.json");
  EXPECT_EQ(bytes_of("r/step-1/pruned.onnx"), "bytes");
}

}  // namespace
}  // namespace shrike
