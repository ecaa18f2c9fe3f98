#include "report/table.h"

#include <string_view>

#include "report/number.h"

namespace shrike {

namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// Names come from files of anybody's, and a spreadsheet computes what begins like a formula.
std::string as_text(const std::string& text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos
             ? "'" + text
             : text;
}

std::string field(const TableCell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return field(as_text(*text));
  return exact(std::get<Number>(cell).value);
}

}  // namespace

std::string to_csv(const Table& table) {
  std::string out;
  for (size_t i = 0; i < table.columns.size(); ++i)
    out += (i > 0 ? "," : "") + field(as_text(table.columns[i].name));
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      out += field(row[i]);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace shrike
