#include "report/picture_pairs.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "report/number.h"
#include "report/style.h"
#include "vision/decode.h"
#include "vision/draw.h"
#include "vision/encode.h"
#include "vision/resize.h"
#include "vision/text_width.h"

namespace shrike {

namespace {

constexpr int kThumbnailQuality = 82;
constexpr int kGap = 6, kPadding = 20, kCaption = 26;

struct Pair {
  Image truth, predictions;
};

// Boxes are brought to the thumbnail's size, so that lines and letters are as large in every one.
Result<Pair> draw_pair(const Image& picture, const ReportPicture& what,
                       std::span<const std::string> names) {
  const Image small = thumbnail(picture, kThumbnailSide);
  const double x = static_cast<double>(small.width()) / picture.width();
  const double y = static_cast<double>(small.height()) / picture.height();
  std::vector<Truth> truth = what.truth;
  for (Truth& t : truth) t.x *= x, t.y *= y, t.width *= x, t.height *= y;
  std::vector<Detection> detections = what.detections;
  const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
  for (Detection& d : detections) d.box.x1 *= fx, d.box.y1 *= fy, d.box.x2 *= fx, d.box.y2 *= fy;
  Pair pair;
  SHRIKE_ASSIGN(pair.truth, draw_truth(small, truth, names));
  SHRIKE_ASSIGN(pair.predictions, draw_detections(small, detections, names));
  return pair;
}

std::string plural(size_t count, const std::string& noun) {
  return grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string caption_of(const ReportPicture& what) {
  return what.path.filename().string() + ": " + plural(what.truth.size(), "object") + ", " +
         plural(what.detections.size(), "detection");
}

void paste(const Image& from, Image& to, int left, int top) {
  for (int y = 0; y < from.height(); ++y)
    std::memcpy(to.pixel(left, top + y), from.row(y), from.row_bytes());
}

// The pairs of a page below each other, two a row, under their captions.
class Grid {
 public:
  Result<void> add(const Pair& pair, const std::string& caption) {
    const int width = 2 * kThumbnailSide + kGap;
    Canvas text(width, kCaption, style::kPaper);
    text.text({0, 17}, fit_text(caption, 13, width), {.size = 13, .ink = {style::kInk}});
    SHRIKE_ASSIGN(const Image line, text.to_image(1));
    Image cell(width, kCaption + std::max(pair.truth.height(), pair.predictions.height()));
    std::fill(cell.bytes().begin(), cell.bytes().end(), uint8_t{255});
    paste(line, cell, 0, 0);
    paste(pair.truth, cell, 0, kCaption);
    paste(pair.predictions, cell, kThumbnailSide + kGap, kCaption);
    cells_.push_back(std::move(cell));
    return {};
  }

  Result<Image> image() const {
    if (cells_.empty()) return Image();
    const int columns = cells_.size() > 1 ? 2 : 1;
    const int width = columns * (cells_[0].width() + kPadding) + kPadding;
    Canvas heading(width, 44, style::kPaper);
    for (int column = 0; column < columns; ++column) {
      const double left = kPadding + column * (cells_[0].width() + kPadding);
      const TextStyle bold{.size = 16, .ink = {style::kInk}, .bold = true};
      heading.text({left, 30}, "Truth", bold);
      heading.text({left + kThumbnailSide + kGap, 30}, "Predictions", bold);
    }
    SHRIKE_ASSIGN(const Image top, heading.to_image(1));
    int height = top.height();
    for (size_t i = 0; i < cells_.size(); i += columns) height += row_height(i, columns);
    Image out(width, height);
    std::fill(out.bytes().begin(), out.bytes().end(), uint8_t{255});
    paste(top, out, 0, 0);
    int y = top.height();
    for (size_t i = 0; i < cells_.size(); ++i) {
      const int column = static_cast<int>(i) % columns;
      paste(cells_[i], out, kPadding + column * (cells_[0].width() + kPadding), y);
      if (column == columns - 1) y += row_height(i - column, columns);
    }
    return out;
  }

 private:
  int row_height(size_t first, int columns) const {
    int height = 0;
    for (size_t i = first; i < std::min(first + columns, cells_.size()); ++i)
      height = std::max(height, cells_[i].height());
    return height + kPadding;
  }

  std::vector<Image> cells_;
};

Result<Image> read(const ReportData& data, const std::filesystem::path& path) {
  auto picture = data.read_picture ? data.read_picture(path) : read_image(path);
  if (picture && picture->empty()) return input_error("empty picture " + path.string());
  return picture;
}

}  // namespace

Image thumbnail(const Image& picture, int side) {
  const double scale = static_cast<double>(side) / std::max(picture.width(), picture.height());
  const auto scaled = [&](int length) {
    return std::max(static_cast<int>(std::lround(length * scale)), 1);
  };
  const int width = scaled(picture.width()), height = scaled(picture.height());
  const auto can_halve = [&](const Image& image) {
    return image.width() >= 2 * width && image.height() >= 2 * height;
  };
  if (!can_halve(picture)) return resize(picture, width, height);
  Image image = resize(picture, picture.width() / 2, picture.height() / 2);
  while (can_halve(image)) image = resize(image, image.width() / 2, image.height() / 2);
  return resize(image, width, height);
}

Result<DrawnPictures> draw_pictures(const ReportData& data) {
  DrawnPictures out;
  Grid grid;
  for (size_t i = 0; i < std::min(data.pictures.size(), kMostPictures); ++i) {
    const ReportPicture& what = data.pictures[i];
    PicturePair entry{caption_of(what), {}, {}, {}};
    const auto picture = read(data, what.path);
    if (!picture) {
      entry.problem = picture.error().message;
      out.pairs.push_back(std::move(entry));
      continue;
    }
    SHRIKE_ASSIGN(const Pair pair, draw_pair(*picture, what, data.names));
    SHRIKE_ASSIGN(entry.truth, encode_jpeg(pair.truth, kThumbnailQuality));
    SHRIKE_ASSIGN(entry.predictions, encode_jpeg(pair.predictions, kThumbnailQuality));
    SHRIKE_TRY(grid.add(pair, entry.caption));
    out.pairs.push_back(std::move(entry));
  }
  SHRIKE_ASSIGN(out.grid, grid.image());
  return out;
}

}  // namespace shrike
