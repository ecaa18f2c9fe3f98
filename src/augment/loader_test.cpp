#include "augment/loader.h"

#include <map>
#include <set>

#include "augment/batch_page.h"
#include "augment/picture_cache.h"
#include "augment/test_pictures.h"
#include "data/test_set.h"
#include "vision/decode.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

std::string name_of(int i) { return "p" + std::to_string(100 + i); }

class LoaderTest : public DataTest {
 protected:
  // Pictures of noise, of many sizes, each with two objects of class i % 3.
  Dataset made(int count) {
    for (int i = 0; i < count; ++i) {
      const Image image = noise(30 + 7 * i % 41, 20 + 11 * i % 37, static_cast<uint32_t>(i));
      EXPECT_TRUE(make_folders(at("images")));
      EXPECT_TRUE(write_image(at("images/" + name_of(i) + ".png"), image));
      const std::string id = std::to_string(i % 3);
      file("labels/" + name_of(i) + ".txt", id + " 0.5 0.5 0.6 0.5\n" + id + " 0.3 0.4 0.2 0.3\n");
    }
    file("data.yaml", "train: images\nnames: [a, b, c]\n");
    DatasetOptions train;
    train.split = "train";
    return open("data.yaml", train);
  }

  static LoaderOptions options() {
    LoaderOptions options;
    options.preprocess = Preprocess::ultralytics(48, 48);
    options.augment.mixup = options.augment.cutmix = options.augment.blur = 0.3;
    options.augment.degrees = 10;
    options.augment.close_mosaic = 1;
    options.epochs = 3;
    options.batch = 4;
    options.multi_scale = 0.5;
    options.stride = 16;
    options.seed = 17;
    return options;
  }

  static std::unique_ptr<Loader> loader(const Dataset& dataset, const LoaderOptions& options,
                                        const std::optional<LoaderState>& start = {}) {
    auto loader = Loader::create(dataset, options, start);
    EXPECT_TRUE(loader) << loader.error().message;
    return *std::move(loader);
  }

  static Batch next(Loader& loader) {
    const auto batch = loader.next();
    EXPECT_TRUE(batch) << batch.error().message;
    return **batch;
  }

  static std::vector<Batch> all(Loader& loader) {
    std::vector<Batch> batches;
    while (!loader.finished()) batches.push_back(next(loader));
    return batches;
  }

  static std::string refusal(const Dataset& dataset, const LoaderOptions& options,
                             const std::optional<LoaderState>& start = {}) {
    const auto loader = Loader::create(dataset, options, start);
    return loader ? "" : loader.error().message;
  }
};

void expect_same(const Batch& a, const Batch& b) {
  ASSERT_EQ(a.epoch, b.epoch);
  ASSERT_EQ(a.index, b.index);
  ASSERT_EQ(a.last, b.last);
  ASSERT_EQ(a.width, b.width);
  ASSERT_EQ(a.height, b.height);
  ASSERT_EQ(a.samples, b.samples);
  ASSERT_EQ(a.targets, b.targets);
  for (size_t i = 0; i < a.pictures(); ++i)
    ASSERT_TRUE(std::equal(a.picture(i).begin(), a.picture(i).end(), b.picture(i).begin())) << i;
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) expect_same(a[i], b[i]);
}

TEST_F(LoaderTest, GoesThroughEveryEpoch) {
  const Dataset dataset = made(11);
  const auto source = loader(dataset, options());
  EXPECT_EQ(source->batches(), 3);
  std::map<int64_t, std::multiset<uint32_t>> seen;
  int64_t number = 0;
  for (const Batch& batch : all(*source)) {
    EXPECT_EQ(batch.epoch, number / 3);
    EXPECT_EQ(batch.index, number % 3);
    EXPECT_EQ(batch.last, number % 3 == 2);
    EXPECT_EQ(batch.pictures(), batch.last ? 3u : 4u);
    for (const uint32_t sample : batch.samples) seen[batch.epoch].insert(sample);
    EXPECT_FALSE(batch.targets.empty());
    int picture = 0;
    for (const Target& target : batch.targets) {
      EXPECT_GE(target.picture, picture);
      picture = target.picture;
      EXPECT_LT(target.picture, static_cast<int>(batch.pictures()));
      EXPECT_TRUE(target.box.x1 >= 0 && target.box.y1 >= 0 &&
                  target.box.x2 <= static_cast<float>(batch.width) &&
                  target.box.y2 <= static_cast<float>(batch.height));
      EXPECT_GT(target.box.area(), 0);
    }
    ++number;
  }
  EXPECT_EQ(number, 9);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(seen[epoch].size(), 11u);
    EXPECT_EQ(std::set<uint32_t>(seen[epoch].begin(), seen[epoch].end()).size(), 11u);
  }
}

TEST_F(LoaderTest, GivesTheSameWhateverTheThreads) {
  const Dataset dataset = made(11);
  LoaderOptions one = options();
  one.threads = one.prefetch = 0;
  const std::vector<Batch> expected = all(*loader(dataset, one));
  for (const int threads : {1, 2, 5})
    for (const int prefetch : {0, 1, 4}) {
      LoaderOptions other = options();
      other.threads = threads;
      other.prefetch = prefetch;
      expect_same(all(*loader(dataset, other)), expected);
    }
  LoaderOptions other = one;
  other.seed = 18;
  const std::vector<Batch> different = all(*loader(dataset, other));
  EXPECT_NE(different[0].pixels, expected[0].pixels);
}

TEST_F(LoaderTest, GoesOnWhereItWasWhateverTheCache) {
  const Dataset dataset = made(11);
  for (const size_t cache : {size_t{0}, size_t{20000}, size_t{1} << 20}) {
    LoaderOptions first = options();
    first.cache_bytes = cache;
    const auto whole = loader(dataset, first);
    const std::vector<Batch> expected = all(*whole);
    for (const size_t done : {size_t{0}, size_t{1}, size_t{4}, size_t{8}, size_t{9}}) {
      const auto before = loader(dataset, first);
      for (size_t i = 0; i < done; ++i) next(*before);
      LoaderOptions then = first;
      then.seed = 99;  // that of the state counts
      then.threads = 2;
      then.cache_bytes = size_t{40000};
      const auto after = loader(dataset, then, before->state());
      const std::vector<Batch> rest(expected.begin() + static_cast<int64_t>(done), expected.end());
      expect_same(all(*after), rest);
      EXPECT_EQ(after->state(), whole->state());
    }
  }
}

TEST_F(LoaderTest, RanksMakeTheBatchesOfOne) {
  const Dataset dataset = made(11);
  const std::vector<Batch> whole = all(*loader(dataset, options()));
  std::vector<std::vector<Batch>> ranks;
  for (int rank = 0; rank < 3; ++rank) {
    LoaderOptions part = options();
    part.shard = {rank, 3};
    ranks.push_back(all(*loader(dataset, part)));
    ASSERT_EQ(ranks.back().size(), whole.size());
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    size_t picture = 0;
    std::vector<Target> targets;
    for (const auto& rank : ranks) {
      for (const Target& target : rank[i].targets) {
        targets.push_back(target);
        targets.back().picture += static_cast<int>(picture);
      }
      for (size_t j = 0; j < rank[i].pictures(); ++j, ++picture) {
        ASSERT_EQ(rank[i].samples[j], whole[i].samples[picture]);
        ASSERT_TRUE(std::equal(rank[i].picture(j).begin(), rank[i].picture(j).end(),
                               whole[i].picture(picture).begin()));
      }
    }
    EXPECT_EQ(picture, whole[i].pictures());
    EXPECT_EQ(targets, whole[i].targets);
  }
}

TEST_F(LoaderTest, ChangesSizesFromBatchToBatch) {
  const Dataset dataset = made(8);
  LoaderOptions many = options();
  many.epochs = 40;
  std::map<int, int> widths;
  for (const Batch& batch : all(*loader(dataset, many))) {
    EXPECT_EQ(batch.width, batch.height);
    ++widths[batch.width];
  }
  ASSERT_EQ(widths.size(), 3u) << "24..72 in steps of 16";
  for (const int width : {32, 48, 64}) EXPECT_GT(widths[width], 10);
  many.multi_scale = 0;
  many.preprocess = Preprocess::ultralytics(48, 32);
  many.epochs = 1;
  for (const Batch& batch : all(*loader(dataset, many))) {
    EXPECT_EQ(batch.width, 48);
    EXPECT_EQ(batch.height, 32);
  }
}

// With everything else off, a picture of the closed epochs is its sample's letterbox.
TEST_F(LoaderTest, ClosesMosaics) {
  const Dataset dataset = made(6);
  LoaderOptions plain_options = options();
  plain_options.augment = AugmentSettings::none();
  plain_options.augment.mosaic = plain_options.augment.mixup = 1;
  plain_options.augment.close_mosaic = 2;
  plain_options.multi_scale = 0;
  plain_options.epochs = 4;
  for (const std::optional<int64_t> open : {std::optional<int64_t>(), std::optional<int64_t>(1)}) {
    plain_options.open_batches = open;
    int equal = 0;
    int64_t number = 0;
    for (const Batch& batch : all(*loader(dataset, plain_options))) {
      for (size_t i = 0; i < batch.pictures(); ++i) {
        const auto picture = read_image(dataset.samples[batch.samples[i]].picture);
        const bool is_alone = to_image(batch, i) == letterbox(*picture, plain_options.preprocess);
        EXPECT_EQ(is_alone, open ? number >= *open : batch.epoch >= 2);
        equal += is_alone;
      }
      ++number;
    }
    if (!open) EXPECT_EQ(equal, 12);
  }
}

TEST_F(LoaderTest, DecodesOnceWithinTheLimit) {
  const Dataset dataset = made(40);
  LoaderOptions some = options();
  some.multi_scale = 0;
  some.threads = 2;
  const size_t bytes = PictureCache::bytes_of_all(dataset, some.preprocess);
  some.cache_bytes = bytes;
  auto source = loader(dataset, some);
  all(*source);
  EXPECT_EQ(source->counts().cache.decoded, 40);
  EXPECT_EQ(source->counts().cache.bytes, bytes);
  EXPECT_EQ(source->state().window, 0);

  some.cache_bytes = bytes - 1;
  some.batch = 1;
  some.prefetch = 1;
  source = loader(dataset, some);
  EXPECT_EQ(source->state().window, 8);
  while (!source->finished()) {
    next(*source);
    EXPECT_LT(source->counts().cache.bytes, bytes);
  }
  // Each epoch once, but for those that stay and those that other pictures' mixing pulled away.
  EXPECT_LT(source->counts().cache.decoded, 3 * 40);
  EXPECT_GT(source->counts().cache.found, source->counts().cache.decoded);

  some.cache_bytes = 0;
  source = loader(dataset, some);
  all(*source);
  EXPECT_EQ(source->counts().cache.bytes, 0u);
  EXPECT_EQ(source->counts().cache.found, 0);
}

TEST_F(LoaderTest, LeavesOutAndNamesWhatIsDamaged) {
  const Dataset dataset = made(9);
  const auto expected = all(*loader(dataset, options()));
  const fs::path cut = at("images/" + name_of(2) + ".png"),
                 other = at("images/" + name_of(3) + ".png");
  fs::resize_file(cut, fs::file_size(cut) - 30);
  EXPECT_TRUE(write_image(other, Image(5, 5)));
  const auto bytes = fs::file_size(cut);
  std::vector<Batch> first;
  for (const int threads : {0, 3}) {
    LoaderOptions some = options();
    some.threads = threads;
    const auto source = loader(dataset, some);
    const std::vector<Batch> batches = all(*source);
    EXPECT_EQ(batches.size(), expected.size());
    const std::vector<Finding> findings = source->take_findings();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].file, cut);
    EXPECT_EQ(findings[0].kind, FindingKind::kCorruptPicture);
    EXPECT_EQ(findings[1].file, other);
    EXPECT_TRUE(says(findings[1].detail, "now it is 5x5")) << findings[1].detail;
    EXPECT_TRUE(source->take_findings().empty());
    if (threads == 0) first = batches;
    expect_same(batches, first);
  }
  EXPECT_EQ(fs::file_size(cut), bytes);
}

TEST_F(LoaderTest, EndsWhereNoPictureIsLeft) {
  const Dataset dataset = made(4);
  for (int i = 0; i < 4; ++i) file("images/" + name_of(i) + ".png", "no picture");
  for (const int threads : {0, 2}) {
    LoaderOptions some = options();
    some.threads = threads;
    const auto source = loader(dataset, some);
    const auto batch = source->next();
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().kind, ErrorKind::kInput);
    EXPECT_TRUE(says(batch.error().message, "data.yaml")) << batch.error().message;
  }
}

TEST_F(LoaderTest, MeasuresWhatWasWaitedFor) {
  const Dataset dataset = made(6);
  const auto source = loader(dataset, options());
  double waited = 0;
  for (const Batch& batch : all(*source)) waited += batch.waited;
  EXPECT_NEAR(source->counts().waited, waited, 1e-9);
  EXPECT_GT(waited, 0);
  EXPECT_GT(source->counts().worked, 0);
}

TEST_F(LoaderTest, RefusesWhatCannotBe) {
  Dataset dataset = made(5);
  EXPECT_EQ(refusal(dataset, options()), "");
  LoaderOptions bad = options();
  bad.batch = 6;
  EXPECT_TRUE(says(refusal(dataset, bad), "a batch of 6 is more than the 5 pictures of"));
  bad = options();
  bad.shard = {2, 2};
  EXPECT_TRUE(says(refusal(dataset, bad), "rank must lie in 0..1, not be 2"));
  bad = options();
  bad.augment.hsv_h = 2;
  EXPECT_TRUE(says(refusal(dataset, bad), "hsv_h must lie in 0..1, not be 2"));
  bad = options();
  bad.threads = -1;
  EXPECT_TRUE(says(refusal(dataset, bad), "threads"));

  const LoaderState state = loader(dataset, options())->state();
  bad = options();
  bad.batch = 3;
  EXPECT_TRUE(says(refusal(dataset, bad, state), "began with a batch of 4, not 3"));
  LoaderState late = state;
  late.epoch = 4;
  EXPECT_TRUE(says(refusal(dataset, options(), late), "cannot go on at epoch 4"));
  Dataset changed = dataset;
  changed.samples[1].truth[0].width += 1;
  EXPECT_TRUE(says(refusal(changed, options(), state), "other names, classes or labels"));
  for (Sample& sample : dataset.samples) sample.truth.clear();
  EXPECT_TRUE(says(refusal(dataset, options()), "no labels at all"));
  dataset.samples.clear();
  EXPECT_TRUE(says(refusal(dataset, options()), "no pictures to learn from"));
}

TEST_F(LoaderTest, InputsAreTheBytesDivided) {
  const Dataset dataset = made(4);
  const Batch batch = next(*loader(dataset, options()));
  std::vector<float> input(batch.picture_bytes());
  const size_t plane = input.size() / 3;
  for (const Preprocess& preprocess :
       {Preprocess::ultralytics(48, 48), Preprocess::yolox(48, 48)}) {
    to_input(batch, 1, preprocess, input.data());
    const bool bgr = preprocess.order == ChannelOrder::kBgr;
    for (size_t i = 0; i < input.size(); ++i) {
      const size_t from = bgr ? (2 - i / plane) * plane + i % plane : i;
      ASSERT_EQ(input[i], static_cast<float>(batch.picture(1)[from]) / preprocess.divisor);
    }
  }
}

TEST_F(LoaderTest, PagesShowPicturesAndObjects) {
  const Dataset dataset = made(8);
  LoaderOptions some = options();
  some.multi_scale = 0;
  some.batch = 7;
  Batch batch = next(*loader(dataset, some));
  auto page = batch_page(batch, dataset.names);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->width(), 3 * 52 + 4);
  EXPECT_EQ(page->height(), 3 * 52 + 4);
  page = batch_page(batch, dataset.names, 2);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->height(), 52 + 4);
  const Image with = *page;
  batch.targets.clear();
  page = batch_page(batch, dataset.names, 2);
  EXPECT_NE(*page, with);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 48; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(page->pixel(56 + x, 4 + y)[c],
                  batch.picture(1)[static_cast<size_t>((c * 48 + y) * 48 + x)]);
  EXPECT_TRUE(write_batch_page(at("page.png"), batch, dataset.names, 2));
  const auto written = read_image(at("page.png"));
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, *page);
  EXPECT_FALSE(write_batch_page(at("no/page.png"), batch, dataset.names));
}

}  // namespace
}  // namespace shrike
