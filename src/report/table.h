// Table: named columns of text and numbers, for a page and for CSV.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shrike {

struct Number {
  std::optional<double> value;  // none, like what is not finite: "-" on a page, empty in CSV
  int digits = 3;               // after the point, on a page
};

using TableCell = std::variant<std::string, Number>;  // text may be any bytes

struct Column {
  std::string name;
  bool numeric = false;  // stands at the right
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<TableCell>> rows;  // each as long as `columns`
  bool half = false;  // two of these stand side by side on a page where there is room
};

// RFC 4180: a line of names, then the rows; CRLF at the end of each line; fields with a comma, a
// quote or a line break stand in quotes. Text is written byte for byte, but with a ' in front where
// it begins with = + - @, a tab or CR: spreadsheets would run it. Numbers read back as the same
// double, with a point in every locale.
std::string to_csv(const Table& table);

}  // namespace shrike
