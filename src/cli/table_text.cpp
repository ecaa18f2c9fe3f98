#include "cli/table_text.h"

#include <algorithm>

#include "base/excerpt.h"
#include "report/number.h"

namespace shrike {

namespace {

constexpr size_t kWidest = 40;

// Characters of UTF-8 text: all bytes but those that continue one.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string fitted(std::string text) {
  constexpr std::string_view kCut = "...";
  if (text.size() <= kWidest) return text;
  size_t kept = kWidest - kCut.size();
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xc0) == 0x80) --kept;
  return text.substr(0, kept).append(kCut);
}

std::string cell_text(const TableCell& cell) {
  if (const auto* number = std::get_if<Number>(&cell)) return fixed(number->value, number->digits);
  return fitted(printable(std::get<std::string>(cell)));
}

}  // namespace

std::string table_text(const Table& table) {
  if (table.rows.empty()) return "";
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : table.columns) lines[0].push_back(cell_text(column.name));
  for (const auto& row : table.rows) {
    lines.emplace_back();
    for (const TableCell& cell : row) lines.back().push_back(cell_text(cell));
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string blanks(widths[i] - width(line[i]), ' ');
      row += (i > 0 ? "  " : "") + (table.columns[i].numeric ? blanks + line[i] : line[i] + blanks);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace shrike
