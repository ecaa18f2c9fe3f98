#include "augment/batch_page.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <new>

#include "vision/draw.h"
#include "vision/encode.h"
#include "vision/resize.h"

namespace shrike {

namespace {

constexpr int kMostSide = 480, kGap = 4;

// A picture with its objects, at the size of the page.
Result<Image> draw_picture(const Batch& batch, size_t picture, int width, int height,
                           std::span<const std::string> names) {
  Image image = to_image(batch, picture);
  while (image.width() >= 2 * width && image.height() >= 2 * height)
    image = resize(image, image.width() / 2, image.height() / 2);
  const double x = static_cast<double>(image.width()) / batch.width;
  const double y = static_cast<double>(image.height()) / batch.height;
  std::vector<Truth> truth;
  for (const Target& target : batch.targets) {
    if (target.picture != static_cast<int>(picture)) continue;
    const double w = target.box.width() * x, h = target.box.height() * y;
    truth.push_back(
        {target.box.x1 * x, target.box.y1 * y, w, h, w * h, target.class_id, false, false});
  }
  return draw_truth(image, truth, names);
}

void paste(const Image& from, int left, int top, Image& to) {
  for (int y = 0; y < from.height(); ++y)
    std::memcpy(to.pixel(left, top + y), from.row(y), from.row_bytes());
}

Result<Image> draw_page(const Batch& batch, std::span<const std::string> names, size_t most) {
  int width = batch.width, height = batch.height;
  while (std::max(width, height) > kMostSide && std::min(width, height) >= 2)
    width /= 2, height /= 2;
  const auto count = static_cast<int>(std::min(batch.pictures(), most));
  const auto columns = static_cast<int>(std::ceil(std::sqrt(count)));
  const int rows = (count + columns - 1) / columns;
  Image page(columns * (width + kGap) + kGap, rows * (height + kGap) + kGap);
  std::fill(page.bytes().begin(), page.bytes().end(), uint8_t{255});
  for (int i = 0; i < count; ++i) {
    SHRIKE_ASSIGN(const Image image,
                  draw_picture(batch, static_cast<size_t>(i), width, height, names));
    paste(image, kGap + i % columns * (width + kGap), kGap + i / columns * (height + kGap), page);
  }
  return page;
}

}  // namespace

Image to_image(const Batch& batch, size_t picture) {
  Image image(batch.width, batch.height);
  const std::span<const uint8_t> planes = batch.picture(picture);
  const size_t plane = planes.size() / 3;
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c) image.bytes()[3 * i + c] = planes[c * plane + i];
  return image;
}

Result<Image> batch_page(const Batch& batch, std::span<const std::string> names, size_t most) {
  assert(batch.pictures() > 0 && most > 0);
  try {
    return draw_page(batch, names, most);
  } catch (const std::bad_alloc&) {
    return runtime_error("not enough memory for a page of training pictures");
  }
}

Result<void> write_batch_page(const std::filesystem::path& path, const Batch& batch,
                              std::span<const std::string> names, size_t most) {
  SHRIKE_ASSIGN(const Image page, batch_page(batch, names, most));
  return write_image(path, page);
}

}  // namespace shrike
