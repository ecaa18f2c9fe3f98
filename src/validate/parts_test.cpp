#include "validate/parts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

constexpr size_t kSamples = 21;
constexpr int kClasses = 3;
const Json kRun = {{"model", "abc"}, {"conf", 0.25}};

class PartsTest : public testing::Test {
 protected:
  static Sight sight(size_t sample) {
    std::mt19937 random(static_cast<unsigned>(sample));
    std::uniform_real_distribution<float> number(-1e3f, 1e3f);
    Sight sight{sample, {}, {number(random), 0.1, 1e-9}, 0.25, {}};
    if (sample % 7 == 3) {
      sight.skipped = "picture " + std::to_string(sample) + ".png";
      return sight;
    }
    for (size_t i = 0; i < sample % 5; ++i)
      sight.boxes.push_back({{number(random), number(random), number(random), 1.0f / 3},
                             number(random), static_cast<int>(i) % kClasses});
    return sight;
  }
  static void expect_equal(const Sight& a, const Sight& b) {
    EXPECT_EQ(a.sample, b.sample);
    EXPECT_EQ(a.skipped, b.skipped);
    EXPECT_EQ(a.read_ms, b.read_ms);
    if (!a.skipped.empty()) return;
    EXPECT_EQ(a.timing.preprocess_ms, b.timing.preprocess_ms);
    EXPECT_EQ(a.timing.postprocess_ms, b.timing.postprocess_ms);
    ASSERT_EQ(a.boxes.size(), b.boxes.size());
    for (size_t i = 0; i < a.boxes.size(); ++i) {
      EXPECT_EQ(a.boxes[i].box, b.boxes[i].box);
      EXPECT_EQ(a.boxes[i].confidence, b.boxes[i].confidence);
      EXPECT_EQ(a.boxes[i].class_id, b.boxes[i].class_id);
    }
  }
  std::string text_of(size_t block) const {
    const auto file = MappedFile::open(path_of(block), ErrorKind::kInput);
    EXPECT_TRUE(file);
    const auto bytes = (*file)->bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::filesystem::path path_of(size_t block) const {
    return folder_.path() / "parts" / ("part-" + std::to_string(block) + ".json");
  }

  TestFolder folder_;
  Parts parts_{folder_.path() / "parts", kRun, kSamples, kClasses};
};

TEST_F(PartsTest, BlocksHoldEachSampleOnce) {
  for (const size_t samples : {1, 7, 8, 9, 255, 2048, 2049, 5000}) {
    const Parts parts("x", kRun, samples, 1);
    std::vector<size_t> all;
    for (size_t block = 0; block < parts.blocks(); ++block)
      for (const size_t sample : parts.samples_of(block)) {
        EXPECT_EQ(parts.block_of(sample), block);
        all.push_back(sample);
      }
    std::vector<size_t> expected(samples);
    std::iota(expected.begin(), expected.end(), size_t{0});
    EXPECT_EQ(all, expected);
    EXPECT_LE(parts.blocks(), 256u);
  }
}

TEST_F(PartsTest, WhatIsWrittenReadsBackToTheBit) {
  PartWriter writer(parts_);
  std::vector<size_t> order(kSamples);
  std::iota(order.begin(), order.end(), size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  for (const size_t sample : order) ASSERT_TRUE(writer.take(sight(sample)));
  for (size_t block = 0; block < parts_.blocks(); ++block) {
    const Result<Part> part = parts_.read(block);
    ASSERT_TRUE(part) << part.error().message;
    ASSERT_TRUE(part->sights) << part->damage;
    const std::vector<size_t> samples = parts_.samples_of(block);
    ASSERT_EQ(part->sights->size(), samples.size());
    for (size_t i = 0; i < samples.size(); ++i) expect_equal((*part->sights)[i], sight(samples[i]));
  }
}

TEST_F(PartsTest, ABlockIsAFileOnceAllOfItWasSeen) {
  PartWriter writer(parts_);
  const std::vector<size_t> samples = parts_.samples_of(1);
  for (size_t i = 0; i + 1 < samples.size(); ++i) ASSERT_TRUE(writer.take(sight(samples[i])));
  EXPECT_FALSE(parts_.read(1)->sights);
  EXPECT_EQ(parts_.read(1)->damage, "");
  ASSERT_TRUE(writer.take(sight(samples.back())));
  EXPECT_TRUE(parts_.read(1)->sights);
}

TEST_F(PartsTest, NumbersThatJsonCannotSay) {
  std::vector<Sight> sights;
  for (const size_t sample : parts_.samples_of(0)) sights.push_back({sample, {}, {}, 0, {}});
  sights[0].boxes.push_back({{0, 0, 1, 1}, std::numeric_limits<float>::quiet_NaN(), 0});
  sights[1].finite = false;
  ASSERT_TRUE(parts_.write(0, sights));
  const Result<Part> part = parts_.read(0);
  ASSERT_TRUE(part && part->sights);
  EXPECT_TRUE(std::isnan((*part->sights)[0].boxes[0].confidence));
  EXPECT_TRUE((*part->sights)[0].finite);
  EXPECT_FALSE((*part->sights)[1].finite);
}

TEST_F(PartsTest, PartsOfAnotherRun) {
  std::vector<Sight> sights;
  for (const size_t sample : parts_.samples_of(0)) sights.push_back(sight(sample));
  ASSERT_TRUE(parts_.write(0, sights));
  for (const Json& run : {Json{{"model", "abc"}, {"conf", 0.5}}, Json{{"model", "abc"}},
                          Json{{"model", "abc"}, {"conf", 0.25}, {"more", 1}}}) {
    const Result<Part> part = Parts(folder_.path() / "parts", run, kSamples, kClasses).read(0);
    ASSERT_FALSE(part) << dump_json(run);
    EXPECT_EQ(part.error().kind, ErrorKind::kUsage);
    EXPECT_NE(part.error().message.find("part-0.json"), std::string::npos);
  }
}

// Another run's digest is sound.
TEST_F(PartsTest, ADigitThatChangedInTheRunIsDamage) {
  std::vector<Sight> sights;
  for (const size_t sample : parts_.samples_of(0)) sights.push_back(sight(sample));
  ASSERT_TRUE(parts_.write(0, sights));
  std::string changed = text_of(0);
  changed[changed.find("0.25") + 2] = '3';
  ASSERT_TRUE(write_file(path_of(0), changed));
  const Result<Part> part = parts_.read(0);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_FALSE(part->sights);
  EXPECT_NE(part->damage.find("not those that were written"), std::string::npos) << part->damage;
}

// Every part cut short, and single bytes changed: damaged, of another run, or what was written.
TEST_F(PartsTest, Damage) {
  std::vector<Sight> sights;
  for (const size_t sample : parts_.samples_of(0)) sights.push_back(sight(sample));
  ASSERT_TRUE(parts_.write(0, sights));
  const std::string whole = text_of(0);
  for (size_t size = 0; size + 1 < whole.size(); size += 7) {
    ASSERT_TRUE(write_file(path_of(0), whole.substr(0, size)));
    const Result<Part> part = parts_.read(0);
    ASSERT_TRUE(part);
    EXPECT_FALSE(part->sights) << size;
    EXPECT_NE(part->damage.find("part-0.json"), std::string::npos) << part->damage;
  }
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = whole;
    changed[random() % changed.size()] = static_cast<char>("0159,.-[]{}\"ntx\xff"[random() % 16]);
    ASSERT_TRUE(write_file(path_of(0), changed));
    const Result<Part> part = parts_.read(0);
    if (!part || !part->sights) continue;
    ASSERT_TRUE(parts_.write(0, *part->sights));
    EXPECT_EQ(text_of(0), whole) << changed;
  }
  for (const char* text : {"", "{\"run\":", "{\"run\":{},\"pictures\":3}", "{\"run\":1}"}) {
    ASSERT_TRUE(write_file(path_of(0), std::string_view(text)));
    ASSERT_TRUE(parts_.read(0)) << text;
    EXPECT_FALSE(parts_.read(0)->sights) << text;
  }
}

TEST_F(PartsTest, OtherFilesAreLeftAlone) {
  std::filesystem::create_directory(folder_.path() / "parts");
  for (const char* text : {"{}", "[]", "{\"images\":[]}", "notes"}) {
    ASSERT_TRUE(write_file(path_of(0), std::string_view(text)));
    const Result<Part> part = parts_.read(0);
    ASSERT_FALSE(part) << text;
    EXPECT_EQ(part.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace shrike
