// A data set and a network so small that a test can train: squares of two colours on grey noise.
#pragma once

#include <algorithm>
#include <random>

#include "fixtures.h"
#include "vision/encode.h"

namespace shrike::testing {

inline constexpr int kSquaresSide = 64;

// Layers of stride 2, and a head of three anchors on cells of 8 pixels, as a Darknet .cfg.
inline std::string squares_network() {
  const auto layer = [](int filters, int size, int stride, bool last) {
    return std::string("[convolutional]\n") + (last ? "" : "batch_normalize=1\n") +
           "filters=" + std::to_string(filters) + "\nsize=" + std::to_string(size) +
           "\nstride=" + std::to_string(stride) + "\npad=1\nactivation=" +
           (last ? "linear" : "leaky") + "\n";
  };
  return "[net]\nwidth=64\nheight=64\nchannels=3\n" + layer(8, 3, 2, false) +
         layer(16, 3, 2, false) + layer(32, 3, 2, false) + layer(32, 3, 1, false) +
         layer(21, 1, 1, true) +
         "[yolo]\nmask=0,1,2\nanchors=14,14, 20,20, 26,26\nclasses=2\nnum=3\n";
}

class SquaresTest : public ProgramTest {
 protected:
  SquaresTest() {
    std::mt19937 random(7);
    for (int i = 0; i < 24; ++i) add("train", i, random);
    for (int i = 0; i < 12; ++i) add("val", i, random);
    file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, blue]\n");
    file("squares.cfg", squares_network());
  }

  // One or two squares of 12 to 28 pixels.
  void add(const std::string& split, int index, std::mt19937& random) const {
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    Image image(kSquaresSide, kSquaresSide);
    for (uint8_t& byte : image.bytes()) byte = static_cast<uint8_t>(100 + below(60));
    std::string labels;
    for (int square = 0; square <= below(2); ++square) {
      const int side = 12 + below(17), class_id = below(2);
      const int left = square * 32 + below(33 - side), top = below(kSquaresSide - side + 1);
      for (int y = top; y < top + side; ++y)
        for (int x = left; x < left + side; ++x)
          for (int c = 0; c < 3; ++c) image.pixel(x, y)[c] = c == 2 * class_id ? 230 : 20;
      const auto share = [](double pixels) { return std::to_string(pixels / kSquaresSide) + " "; };
      labels += std::to_string(class_id) + " " + share(left + side / 2.0) +
                share(top + side / 2.0) + share(side) + share(side) + "\n";
    }
    const std::string name = std::to_string(100 + index);
    file("set/images/" + split + "/" + name + ".png", "");
    EXPECT_TRUE(write_image(at("set/images/" + split + "/" + name + ".png"), image));
    file("set/labels/" + split + "/" + name + ".txt", labels);
  }

  // The words of a run.
  std::vector<std::string> words(const std::string& out,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train",     "--scratch", path("squares.cfg"), "--data",
                                      path("set"), "--out",     path(out),           "--batch",
                                      "8",         "--nbs",     "8",                 "--threads",
                                      "2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // The number in a row, from 1, of a results.csv.
  double cell(const std::string& out, size_t row, const std::string& column) const {
    const auto table = rows(out);
    const auto found = std::find(table.at(0).begin(), table.at(0).end(), column);
    EXPECT_NE(found, table[0].end()) << column;
    return std::stod(table.at(row).at(static_cast<size_t>(found - table[0].begin())));
  }

  // A results.csv: its header and its rows, as words.
  std::vector<std::vector<std::string>> rows(const std::string& out) const {
    std::vector<std::vector<std::string>> table;
    const std::string text = bytes_of(at(out) / "results.csv");
    for (size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos;
         start = end + 1) {
      std::vector<std::string> row(1);
      for (const char c : text.substr(start, end - start)) {
        if (c == ',')
          row.emplace_back();
        else
          row.back() += c;
      }
      table.push_back(std::move(row));
    }
    return table;
  }
};

}  // namespace shrike::testing
