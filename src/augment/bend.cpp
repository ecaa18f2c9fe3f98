#include <cmath>
#include <numbers>

#include "augment/scene.h"

namespace shrike {

namespace {

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

}  // namespace

// As Ultralytics 8.4 composes it (ultralytics/data/augment.py, RandomPerspective): the middle of
// the canvas to the origin, tilted, turned and scaled, sheared, moved to about the output's middle.
Matrix draw_map(const AugmentContext& context, int canvas_width, int canvas_height) {
  const AugmentSettings& settings = context.settings;
  const Draws& draws = context.draws;
  const auto either_way = [&](double most, Draw what, uint32_t index = 0) {
    return draws.between(-most, most, what, index);
  };
  Matrix tilt;
  tilt.m[6] = either_way(settings.perspective, Draw::kPerspective, 0);
  tilt.m[7] = either_way(settings.perspective, Draw::kPerspective, 1);

  const double angle = radians(either_way(settings.degrees, Draw::kRotation));
  const double scale = 1 + either_way(settings.scale, Draw::kScale);
  const double cos = scale * std::cos(angle), sin = scale * std::sin(angle);
  const Matrix turn = {{cos, sin, 0, -sin, cos, 0, 0, 0, 1}};

  Matrix shear;
  shear.m[1] = std::tan(radians(either_way(settings.shear, Draw::kShear, 0)));
  shear.m[3] = std::tan(radians(either_way(settings.shear, Draw::kShear, 1)));

  const double x = 0.5 + either_way(settings.translate, Draw::kTranslation, 0);
  const double y = 0.5 + either_way(settings.translate, Draw::kTranslation, 1);
  return Matrix::translation(x * context.preprocess.width, y * context.preprocess.height) * shear *
         turn * tilt * Matrix::translation(-canvas_width / 2.0, -canvas_height / 2.0);
}

}  // namespace shrike
