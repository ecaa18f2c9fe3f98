// What compositions hold: geometry of pixels against boxes, rules, distributions.
#include "augment/augmentation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "augment/keep.h"
#include "augment/scene.h"
#include "augment/test_pictures.h"
#include "vision/letterbox.h"

namespace shrike {
namespace {

constexpr int kSide = 160;

// Pictures of a dark ground with one bright rectangle each, which is its object; the class is the
// sample. The colours can be told apart after blending with the ground or the fill.
constexpr std::array<std::array<uint8_t, 3>, 6> kColours = {
    {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}, {255, 0, 255}, {0, 255, 255}}};

TestPictures rectangles() {
  TestPictures pictures(kSide, kSide);
  for (int i = 0; i < 6; ++i) {
    Image image = plain(kSide, 120, {60, 60, 60});
    const int x = 20 + 7 * i, y = 15 + 5 * i, width = 70 - 4 * i, height = 40 + 3 * i;
    for (int row = y; row < y + height; ++row)
      for (int column = x; column < x + width; ++column)
        std::copy_n(kColours[static_cast<size_t>(i)].begin(), 3, image.pixel(column, row));
    pictures.add(std::move(image), {truth_of(i, x, y, width, height)});
  }
  return pictures;
}

// The box around the pixels of a class's colour, its edges where a pixel is half covered.
std::optional<Rect> seen(const std::vector<uint8_t>& planes, int width, int height, int class_id) {
  const auto plane = static_cast<size_t>(width * height);
  Rect box = {1e9, 1e9, -1e9, -1e9};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      bool is_it = true;
      for (size_t c = 0; c < 3; ++c) {
        const int value = planes[c * plane + static_cast<size_t>(y * width + x)];
        const int colour = kColours[static_cast<size_t>(class_id)][c];
        is_it &= colour == 255 ? value > 158 : value < 30;
      }
      if (is_it)
        box = {std::min(box.x1, x * 1.0), std::min(box.y1, y * 1.0), std::max(box.x2, x + 1.0),
               std::max(box.y2, y + 1.0)};
    }
  if (box.x1 > box.x2) return std::nullopt;
  return box;
}

// Objects whose pixels can be told apart: of pictures that are there once.
std::vector<LabelledBox> single(const Composition& composition) {
  std::multiset<const Image*> there;
  for (const MixedScene& mixed : composition.scenes)
    for (const PlacedPicture& placed : mixed.scene.pictures) there.insert(placed.image.get());
  std::multiset<int> classes;
  for (const LabelledBox& object : composition.objects) classes.insert(object.class_id);
  std::vector<LabelledBox> out;
  for (const LabelledBox& object : composition.objects)
    if (classes.count(object.class_id) == 1 &&
        std::all_of(there.begin(), there.end(),
                    [&](const Image* i) { return there.count(i) == 1; }))
      out.push_back(object);
  return out;
}

// Boxes are where the pixels are: a check of every map that knows nothing of matrices. `tolerance`
// is for corners, which are thinner than a pixel where they are turned. Of a turned box only what
// the output's edge cuts off is taken away, so that nothing can be said of those at the edge.
enum class Edge { kCompared, kLeftOut };

void expect_boxes_on_pixels(const TestPictures& pictures, double tolerance, int least,
                            Edge edge = Edge::kCompared) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Composition composition = pictures.compose_one(seed, 0, static_cast<int64_t>(seed % 6));
    for (const int side : {kSide, 96}) {
      const auto planes = painted(composition, side, side);
      const double scale = static_cast<double>(side) / kSide;
      for (const LabelledBox& object : single(composition)) {
        const bool at_edge = object.box.x1 <= 0 || object.box.y1 <= 0 || object.box.x2 >= kSide ||
                             object.box.y2 >= kSide;
        if (at_edge && edge == Edge::kLeftOut) continue;
        const auto box = seen(planes, side, side, object.class_id);
        ASSERT_TRUE(box) << seed;
        EXPECT_NEAR(box->x1, object.box.x1 * scale, tolerance) << seed;
        EXPECT_NEAR(box->y1, object.box.y1 * scale, tolerance) << seed;
        EXPECT_NEAR(box->x2, object.box.x2 * scale, tolerance) << seed;
        EXPECT_NEAR(box->y2, object.box.y2 * scale, tolerance) << seed;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, least);
}

TEST(Geometry, BoxesAreOnTheirPixels) {
  double AugmentSettings::*const settings[] = {&AugmentSettings::translate, &AugmentSettings::scale,
                                               &AugmentSettings::flipud, &AugmentSettings::fliplr};
  for (const auto setting : settings)
    for (const double mosaic : {0.0, 1.0}) {
      TestPictures pictures = rectangles();
      pictures.settings.*setting = 0.5;
      pictures.settings.mosaic = mosaic;
      expect_boxes_on_pixels(pictures, 1.0, 60);
    }
}

TEST(Geometry, TurnedBoxesAreAroundTheirPixels) {
  const std::pair<double AugmentSettings::*, double> settings[] = {
      {&AugmentSettings::shear, 15},
      {&AugmentSettings::degrees, 180},
      {&AugmentSettings::perspective, 0.001}};
  for (const auto& [setting, most] : settings)
    for (const double mosaic : {0.0, 1.0}) {
      TestPictures pictures = rectangles();
      pictures.settings.mosaic = mosaic;
      pictures.settings.*setting = most;
      expect_boxes_on_pixels(pictures, 3, 20, Edge::kLeftOut);
    }
}

// The corners through the map, term by term as Ultralytics' documentation names them: the point's
// distance from the middle is tilted, turned by the angle and scaled, sheared, and laid about the
// moved middle.
TEST(Geometry, MapIsWhatItsParametersSay) {
  TestPictures pictures(200, 100);
  AugmentSettings& s = pictures.settings;
  s.degrees = 40, s.scale = 0.3, s.shear = 12, s.translate = 0.2, s.perspective = 0.0008;
  for (int64_t position = 0; position < 50; ++position) {
    const Draws draws(11, 4, position);
    const AugmentContext context = {s, pictures.preprocess, {}, {}, position, 0, draws};
    const Matrix map = draw_map(context, 400, 200);
    const auto drawn = [&](double most, Draw what, uint32_t i = 0) {
      return (2 * draws.uniform(what, i) - 1) * most;
    };
    const double angle = drawn(40, Draw::kRotation) * std::numbers::pi / 180;
    const double scale = 1 + drawn(0.3, Draw::kScale);
    const double shear_x = std::tan(drawn(12, Draw::kShear, 0) * std::numbers::pi / 180);
    const double shear_y = std::tan(drawn(12, Draw::kShear, 1) * std::numbers::pi / 180);
    for (const auto& [x, y] : {std::pair{0.0, 0.0}, {400.0, 0.0}, {130.0, 170.0}}) {
      const double dx = x - 200, dy = y - 100;
      const double w =
          1 + drawn(0.0008, Draw::kPerspective, 0) * dx + drawn(0.0008, Draw::kPerspective, 1) * dy;
      const double tx = scale * (std::cos(angle) * dx + std::sin(angle) * dy) / w;
      const double ty = scale * (-std::sin(angle) * dx + std::cos(angle) * dy) / w;
      const double px = tx + shear_x * ty + 100 + 200 * drawn(0.2, Draw::kTranslation, 0);
      const double py = shear_y * tx + ty + 50 + 100 * drawn(0.2, Draw::kTranslation, 1);
      const auto moved = around(map, {x, y, x, y});
      ASSERT_TRUE(moved);
      EXPECT_NEAR(moved->x1, px, 1e-9);
      EXPECT_NEAR(moved->y1, py, 1e-9);
    }
    const Matrix unit = map * inverse(map);
    for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(unit.m[i], i % 4 == 0, 1e-9);
  }
}

TEST(Geometry, NothingAskedIsTheLetterboxAlone) {
  for (const auto& [width, height] : {std::pair{96, 64}, {64, 96}, {96, 96}, {96, 1}}) {
    TestPictures pictures(96, 96);
    pictures.add(noise(width, height, 5), {truth_of(2, 1, 0, 90, 1)});
    const Composition composition = pictures.compose_one(1);
    EXPECT_EQ(composition.scenes.at(0).scene.to_output, Matrix());
    const Image boxed = letterbox(pictures.image(0), pictures.preprocess);
    const auto planes = painted(composition);
    for (size_t i = 0; i < planes.size(); ++i)
      ASSERT_EQ(planes[i], boxed.bytes()[i % (96 * 96) * 3 + i / (96 * 96)]);
  }
}

TEST(Geometry, TwoFlipsAreNone) {
  TestPictures pictures = rectangles();
  pictures.settings.flipud = pictures.settings.fliplr = 1;
  pictures.settings.scale = 0.5;
  Composition composition = pictures.compose_one(3);
  const Composition once = composition;
  const AugmentContext context = {pictures.settings, pictures.preprocess, {}, {}, 0, 0,
                                  Draws(0, 0, 0)};
  ASSERT_TRUE(flip(context, composition));
  EXPECT_NE(composition.objects, once.objects);
  ASSERT_TRUE(flip(context, composition));
  for (size_t i = 0; i < 9; ++i)
    EXPECT_NEAR(composition.scenes[0].scene.to_output.m[i], once.scenes[0].scene.to_output.m[i],
                1e-12);
  ASSERT_EQ(composition.objects.size(), once.objects.size());
  for (size_t i = 0; i < once.objects.size(); ++i) {
    EXPECT_NEAR(composition.objects[i].box.x1, once.objects[i].box.x1, 1e-9);
    EXPECT_NEAR(composition.objects[i].box.y2, once.objects[i].box.y2, 1e-9);
  }
}

TEST(Keep, ByVisibleAreaSideAndAspect) {
  EXPECT_TRUE(is_kept(100, {0, 0, 10, 10}));
  EXPECT_TRUE(is_kept(990, {0, 0, 10, 10}));
  EXPECT_FALSE(is_kept(1000, {0, 0, 10, 10}));
  EXPECT_FALSE(is_kept(10, {0, 0, 2, 10}));
  EXPECT_TRUE(is_kept(10, {0, 0, 10, 2.1}));
  EXPECT_TRUE(is_kept(10, {0, 0, 298, 3}));
  EXPECT_FALSE(is_kept(10, {0, 0, 300, 3}));
}

// An object of 40x40 that is moved out goes when a tenth is left, however large the picture was
// made; crowds and ignored objects never come.
TEST(Keep, ObjectsLeaveWithThePicture) {
  Truth crowd = truth_of(0, 50, 50, 40, 40), ignored = crowd;
  crowd.crowd = ignored.ignore = true;
  TestPictures pictures(kSide, kSide);
  pictures.add(plain(kSide, kSide, {1, 2, 3}), {truth_of(1, 0, 60, 40, 40), crowd, ignored});
  pictures.order.assign(300, 0);
  pictures.settings.translate = 0.25;
  for (const double scale : {0.0, 0.5}) {
    pictures.settings.scale = scale;
    int kept = 0;
    for (int64_t position = 0; position < 300; ++position) {
      const Composition composition = pictures.compose_one(2, 0, position);
      const auto moved = around(composition.scenes[0].scene.to_output, {0, 60, 40, 100});
      const Rect cut = intersection(*moved, {0, 0, kSide, kSide});
      const bool is_left = cut.area() > 0.1 * moved->area() && cut.width() > 2;
      ASSERT_EQ(composition.objects.size(), is_left ? 1u : 0u) << position;
      if (is_left) {
        EXPECT_EQ(composition.objects[0], (LabelledBox{1, cut}));
      }
      kept += is_left;
    }
    EXPECT_GT(kept, 100);
    EXPECT_LT(kept, 300);
  }
}

TEST(Mosaic, HasFourPicturesAroundAPoint) {
  TestPictures pictures = rectangles();
  pictures.settings.mosaic = 1;
  std::vector<double> xs, ys;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const auto placed = pictures.compose_one(seed).scenes[0].scene.pictures;
    ASSERT_EQ(placed.size(), 4u);
    const int x = placed[3].left, y = placed[3].top;
    EXPECT_EQ(placed[0].image.get(), &pictures.image(0));
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(i % 2 == 0 ? placed[i].x2 : placed[i].x1, x);
      EXPECT_EQ(i < 2 ? placed[i].y2 : placed[i].y1, y);
      EXPECT_TRUE(placed[i].x1 >= 0 && placed[i].y1 >= 0 && placed[i].x2 <= 2 * kSide &&
                  placed[i].y2 <= 2 * kSide);
    }
    xs.push_back(x + 0.5);
    ys.push_back(y + 0.5);
  }
  expect_uniform(xs, kSide / 2.0, kSide * 1.5);
  expect_uniform(ys, kSide / 2.0, kSide * 1.5);
}

TEST(Mixup, KeepsTheObjectsOfBoth) {
  TestPictures pictures = rectangles();
  pictures.settings.mixup = 1;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Composition both = pictures.compose_one(seed);
    ASSERT_EQ(both.scenes.size(), 2u);
    EXPECT_EQ(both.objects.size(), 2u);
    EXPECT_NEAR(both.scenes[1].weight, 0.5, 0.3);
    pictures.settings.mixup = 0;
    const Composition alone = pictures.compose_one(seed);
    pictures.settings.mixup = 1;
    EXPECT_EQ(both.objects[0], alone.objects.at(0)) << "the first is as without the other";
  }
}

TEST(Cutmix, BringsObjectsWhereNoneAre) {
  TestPictures pictures = rectangles();
  pictures.settings.cutmix = 1;
  pictures.settings.fliplr = 0.5;
  int cut = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Composition composition = pictures.compose_one(seed);
    if (composition.scenes.size() == 1) {
      EXPECT_EQ(composition.objects.size(), 1u);
      continue;
    }
    ++cut;
    ASSERT_EQ(composition.objects.size(), 2u);
    const Rect part = *composition.scenes[1].part;
    EXPECT_EQ(intersection(composition.objects[0].box, part).area(), 0);
    EXPECT_EQ(intersection(composition.objects[1].box, part), composition.objects[1].box);
    if (single(composition).size() != 2) continue;
    const auto planes = painted(composition);
    const auto box = seen(planes, kSide, kSide, composition.objects[1].class_id);
    ASSERT_TRUE(box);
    EXPECT_NEAR(box->x1, composition.objects[1].box.x1, 1.0);
    EXPECT_NEAR(box->y2, composition.objects[1].box.y2, 1.0);
  }
  EXPECT_GT(cut, 20);
}

TEST(Erasing, TakesObjectsWithIt) {
  TestPictures pictures = rectangles();
  pictures.settings.erasing = 1;
  int gone = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Composition composition = pictures.compose_one(seed);
    ASSERT_TRUE(composition.erased);
    const double share = composition.erased->area() / (kSide * kSide);
    EXPECT_GT(share, 0.018);
    EXPECT_LT(share, 0.335);
    const Rect object = {20, 35, 90, 75};  // under 20 rows of fill
    const double hidden = intersection(object, *composition.erased).area();
    EXPECT_EQ(composition.objects.empty(), hidden >= 0.9 * object.area());
    gone += composition.objects.empty();
  }
  EXPECT_GT(gone, 0);
  EXPECT_LT(gone, 400);
}

TEST(Partners, AreThoseAroundInTheOrder) {
  TestPictures pictures = rectangles();
  pictures.settings.mosaic = 1;
  pictures.order = {3, 0, 5, 1, 4, 2};
  pictures.window = 2;
  const auto are_of = [&](const Composition& composition, size_t a, size_t b) {
    const auto& placed = composition.scenes[0].scene.pictures;
    return std::all_of(placed.begin(), placed.end(), [&](const PlacedPicture& one) {
      return one.image.get() == &pictures.image(a) || one.image.get() == &pictures.image(b);
    });
  };
  for (uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_TRUE(are_of(pictures.compose_one(seed, 0, 0), 3, 0));
    EXPECT_TRUE(are_of(pictures.compose_one(seed, 0, 3), 5, 1));
    EXPECT_TRUE(are_of(pictures.compose_one(seed, 0, 5), 4, 2));
  }
}

TEST(Distributions, AreThoseOfTheSettings) {
  TestPictures pictures(64, 64);
  for (uint32_t i = 0; i < 4; ++i) pictures.add(noise(64, 64, i));
  AugmentSettings& s = pictures.settings;
  s.hsv_h = 0.2, s.hsv_s = 0.7, s.hsv_v = 0.4, s.degrees = 30, s.scale = 0.5;
  s.mosaic = 0.6, s.mixup = 0.3, s.grey = 0.1, s.blur = 0.4, s.fliplr = 0.5;
  std::vector<double> h, saturation, v, angles, scales;
  int mosaics = 0, mixed = 0, grey = 0, mirrored = 0;
  std::map<int, int> blurs;
  constexpr int kCount = 3000;
  for (int i = 0; i < kCount; ++i) {
    const Composition c = pictures.compose_one(1, i);
    h.push_back(static_cast<double>(c.hsv->h));
    saturation.push_back(static_cast<double>(c.hsv->s));
    v.push_back(static_cast<double>(c.hsv->v));
    const auto& m = c.scenes[0].scene.to_output.m;
    const double determinant = m[0] * m[4] - m[1] * m[3];
    scales.push_back(std::sqrt(std::abs(determinant)));
    angles.push_back(std::asin(-m[3] / scales.back()) * 180 / std::numbers::pi);
    mirrored += determinant < 0;
    mosaics += c.scenes[0].scene.pictures.size() == 4;
    mixed += c.scenes.size() == 2;
    grey += c.grey;
    ++blurs[c.blur];
  }
  expect_uniform(h, -0.2, 0.2);
  expect_uniform(saturation, 0.3, 1.7);
  expect_uniform(v, 0.6, 1.4);
  expect_uniform(angles, -30, 30);
  expect_uniform(scales, 0.5, 1.5);
  expect_share(mosaics, kCount, 0.6);
  expect_share(mixed, kCount, 0.3);
  expect_share(grey, kCount, 0.1);
  expect_share(mirrored, kCount, 0.5);
  expect_share(blurs[0], kCount, 0.6);
  for (const int side : {3, 5, 7}) expect_share(blurs[side], kCount, 0.4 / 3);
}

// What is switched on changes nothing else.
TEST(Distributions, DoNotDependOnEachOther) {
  TestPictures pictures = rectangles();
  pictures.settings.scale = 0.5;
  pictures.settings.hsv_v = 0.4;
  const Composition before = pictures.compose_one(5);
  pictures.settings.grey = pictures.settings.blur = 1;
  const Composition after = pictures.compose_one(5);
  EXPECT_TRUE(after.grey);
  EXPECT_EQ(after.scenes[0].scene.to_output, before.scenes[0].scene.to_output);
  EXPECT_EQ(after.hsv, before.hsv);
  EXPECT_EQ(after.objects, before.objects);
}

}  // namespace
}  // namespace shrike
