// Page: what a report shows, as plain data: a head, the numbers that matter, sections of tables,
// charts and pictures. One HTML file that holds everything, and the charts as files of their own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "report/table.h"
#include "vision/canvas.h"

namespace shrike {

// A line of the list at the top of a page: "Image size" "640 x 640".
struct Fact {
  std::string name, value;
};

// Where the numbers of a page come from. Empty texts are left out.
struct ReportHead {
  std::string title;               // "yolov8n on coco128"
  std::string data;                // "data.yaml, val"
  std::string date;                // as it is to be read: nothing here asks a clock
  std::string machine;             // "AMD EPYC, 2 threads"
  std::string program;             // "shrike 0.1.0"
  std::vector<Fact> facts;         // in this order, after those above
  std::vector<std::string> notes;  // what a reader must know: "3 pictures could not be read"
};

// A headline number: "mAP 0.50:0.95" "0.512" "0.480 to 0.545".
struct NumberTile {
  std::string name, value, detail;
};

struct Figure {
  std::string file;     // name without extension, of [a-z0-9_]
  std::string label;    // what it shows, for screen readers
  std::string caption;  // below it; may be empty
  Canvas canvas;
  bool half = false;  // two of these stand side by side where there is room
};

// The same picture twice, as JPEG.
struct PicturePair {
  std::string caption;
  std::vector<std::byte> truth, predictions;  // empty where it could not be read
  std::string problem;                        // why
};

struct PageSection {
  std::string title;
  std::string text;  // a paragraph; may be empty
  std::vector<std::variant<Table, Figure, PicturePair>> parts;
};

struct Page {
  ReportHead head;
  std::vector<Fact> subject;  // stands before the facts of the head: "Model" "yolov8n.onnx"
  std::vector<NumberTile> tiles;
  std::vector<PageSection> sections;
};

// HTML without scripts that fetches nothing and allows nothing to be fetched, on light or dark
// ground as the reader's system has it. Every text may be any bytes.
std::string to_html(const Page& page);

inline constexpr const char* kPageFile = "index.html";

// Each figure as <file>.svg and <file>.png, then kPageFile, into a folder that is there; existing
// files are replaced. Errors name the file: kRuntime where it cannot be written.
Result<void> write_page(const std::filesystem::path& folder, const Page& page);

}  // namespace shrike
