#include "data/check.h"

#include "data/stats.h"
#include "data/test_set.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

class Check : public DataTest {};

TEST_F(Check, DecodesEveryPictureAndFindsOrphans) {
  for (const char* name : {"a.png", "b.jpg", "c.png", "below/d.png"})
    picture("images/val/" + std::string(name), 64, 48);
  fs::resize_file(at("images/val/b.jpg"), fs::file_size(at("images/val/b.jpg")) - 40);
  file("labels/val/a.txt", "0 0.5 0.5 0.5 0.5\n");
  file("labels/val/gone.txt", "0 0.5 0.5 0.5 0.5\n");
  file("labels/val/classes.txt", "cat\n");
  file("labels/val/below/e.txt", "");
  file("labels/val/below/d.txt", "");
  file("data.yaml", "val: images/val\nnames: [cat]\n");
  for (const int threads : {1, 3}) {
    Dataset dataset = open("data.yaml");
    EXPECT_EQ(dataset.samples.size(), 4u);
    EXPECT_TRUE(dataset.findings.empty()) << "its header is whole";
    std::vector<size_t> done;
    const auto whole = check_dataset(dataset, {threads, [&](size_t n, size_t total) {
                                                 EXPECT_EQ(total, 4u);
                                                 done.push_back(n);
                                                 return true;
                                               }});
    EXPECT_TRUE(whole.ok() && *whole);
    EXPECT_EQ(done, (std::vector<size_t>{1, 2, 3, 4}));
    EXPECT_EQ(dataset.samples.size(), 3u);
    ASSERT_EQ(dataset.findings.size(), 3u);
    EXPECT_EQ(dataset.findings[0].kind, FindingKind::kCorruptPicture);
    EXPECT_EQ(dataset.findings[0].file, at("images/val/b.jpg"));
    EXPECT_FALSE(says(dataset.findings[0].detail, "b.jpg")) << "the file is named once";
    EXPECT_EQ(dataset.findings[1].kind, FindingKind::kOrphanLabel);
    EXPECT_EQ(dataset.findings[1].file, at("labels/val/gone.txt"));
    EXPECT_EQ(dataset.findings[2].file, at("labels/val/below/e.txt"));
  }
}

TEST_F(Check, EndsWhenProgressSaysSo) {
  for (int i = 0; i < 20; ++i) picture("images/" + std::to_string(i) + ".png", 8, 8);
  file("data.yaml", "val: images\nnames: [cat]\n");
  Dataset dataset = open("data.yaml");
  size_t calls = 0;
  const auto whole = check_dataset(dataset, {1, [&](size_t, size_t) { return ++calls < 3; }});
  EXPECT_TRUE(whole.ok() && !*whole);
  EXPECT_EQ(calls, 3u);
  EXPECT_EQ(dataset.samples.size(), 20u);
}

TEST(Stats, CountsWhatIsThere) {
  Dataset dataset;
  dataset.names = {"a", "b", "c"};
  dataset.samples.resize(4);
  const int widths[] = {10, 40, 20, 30};
  for (size_t i = 0; i < 4; ++i) {
    dataset.samples[i].width = widths[i];
    dataset.samples[i].height = 5;
  }
  const auto square = [](double side, int class_id) {
    return Truth{0, 0, side, side, side * side, class_id, false, false};
  };
  dataset.samples[0].truth = {square(31.9, 0), square(32, 0), square(95.9, 2)};
  dataset.samples[2].truth = {square(96, 0), square(1, 2)};
  dataset.samples[2].truth[0].crowd = true;
  dataset.samples[2].truth[1].ignore = true;
  const DatasetStats stats = dataset_stats(dataset);
  EXPECT_EQ(stats.pictures, 4u);
  EXPECT_EQ(stats.background, 2u);
  EXPECT_EQ(stats.instances, 5u);
  EXPECT_EQ(stats.crowds, 1u);
  EXPECT_EQ(stats.ignored, 1u);
  EXPECT_EQ(stats.small, 2u);
  EXPECT_EQ(stats.medium, 2u);
  EXPECT_EQ(stats.large, 1u);
  EXPECT_EQ(stats.classes[0].instances, 3u);
  EXPECT_EQ(stats.classes[0].pictures, 2u);
  EXPECT_EQ(stats.classes[1].instances, 0u);
  EXPECT_EQ(stats.classes[2].pictures, 2u);
  EXPECT_EQ(stats.width.least, 10);
  EXPECT_EQ(stats.width.median, 30);
  EXPECT_EQ(stats.width.mean, 25);
  EXPECT_EQ(stats.width.most, 40);
  EXPECT_EQ(stats.per_picture.mean, 1.25);
  EXPECT_EQ(dataset_stats(Dataset()).width.most, 0);
}

}  // namespace
}  // namespace shrike
