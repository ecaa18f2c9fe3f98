#include "report/page.h"

#include "base/excerpt.h"
#include "base/file.h"
#include "report/base64.h"
#include "report/number.h"
#include "report/page_style.h"
#include "vision/encode.h"
#include "vision/utf8.h"

namespace shrike {

namespace {

std::string element(std::string_view name, std::string_view attributes, std::string_view inside) {
  std::string out = "<" + std::string(name);
  if (!attributes.empty()) out += " " + std::string(attributes);
  return out + ">" + std::string(inside) + "</" + std::string(name) + ">";
}

std::string text_element(std::string_view name, std::string_view attributes,
                         std::string_view text) {
  return element(name, attributes, xml_text(text));
}

// Appends the parts of a page one by one, so that pictures are not copied about.
class PageWriter {
 public:
  std::string write(const Page& page) && {
    begin(page.head.title);
    head(page);
    tiles(page.tiles);
    for (const PageSection& part : page.sections) section(part);
    if (!page.head.program.empty())
      out_ += text_element("footer", "", "Made by " + page.head.program) + "\n";
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

  void operator()(const Table& table) {
    out_ += table.half ? "<div class=\"half scroll\">" : "<div class=\"scroll\">";
    out_ += "<table>\n<thead><tr>";
    for (const Column& column : table.columns)
      out_ += text_element("th", column.numeric ? "scope=\"col\" class=\"n\"" : "scope=\"col\"",
                           column.name);
    out_ += "</tr></thead>\n<tbody>\n";
    for (const auto& row : table.rows) {
      out_ += "<tr>";
      for (size_t i = 0; i < row.size(); ++i) cell(row[i], table.columns[i]);
      out_ += "</tr>\n";
    }
    out_ += "</tbody>\n</table></div>\n";
  }

  void operator()(const Figure& figure) {
    out_ += figure.half ? "<figure class=\"half\">\n" : "<figure>\n";
    out_ += "<div class=\"paper\">" + figure.canvas.to_svg(figure.label) + "</div>\n";
    if (!figure.caption.empty()) out_ += text_element("figcaption", "", figure.caption) + "\n";
    out_ += "</figure>\n";
  }

  void operator()(const PicturePair& pair) {
    out_ += "<figure class=\"half pair\">\n";
    if (pair.problem.empty()) {
      out_ += "<div>";
      picture(pair.truth, "truth");
      picture(pair.predictions, "predictions");
      out_ += "</div>\n";
    } else {
      out_ += text_element("p", "class=\"problem\"", pair.problem) + "\n";
    }
    out_ += text_element("figcaption", "", pair.caption) + "\n</figure>\n";
  }

 private:
  void begin(const std::string& title) {
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n";
    out_ += text_element("title", "", title) + "\n";
    out_ += element("style", "", kPageStyle) + "\n</head>\n<body>\n<main>\n";
  }

  void head(const Page& page) {
    const ReportHead& head = page.head;
    out_ += "<header>\n" + text_element("h1", "", head.title) + "\n<dl>\n";
    for (const Fact& line : page.subject) fact(line);
    fact({"Data", head.data});
    fact({"Date", head.date});
    fact({"Machine", head.machine});
    for (const Fact& line : head.facts) fact(line);
    out_ += "</dl>\n";
    for (const std::string& note : head.notes)
      out_ += text_element("p", "class=\"note\"", note) + "\n";
    out_ += "</header>\n";
  }

  void fact(const Fact& line) {
    if (!line.value.empty())
      out_ += "<div>" + text_element("dt", "", line.name) + text_element("dd", "", line.value) +
              "</div>\n";
  }

  void tiles(const std::vector<NumberTile>& tiles) {
    if (tiles.empty()) return;
    out_ += "<div class=\"tiles\">\n";
    for (const NumberTile& tile : tiles)
      out_ += "<div>" + text_element("span", "", tile.name) +
              text_element("strong", "", tile.value) + text_element("small", "", tile.detail) +
              "</div>\n";
    out_ += "</div>\n";
  }

  void section(const PageSection& section) {
    out_ += "<section>\n" + text_element("h2", "", section.title) + "\n";
    if (!section.text.empty()) out_ += text_element("p", "", section.text) + "\n";
    out_ += "<div class=\"parts\">\n";
    for (const auto& part : section.parts) std::visit(*this, part);
    out_ += "</div>\n</section>\n";
  }

  void cell(const TableCell& cell, const Column& column) {
    const auto* number = std::get_if<Number>(&cell);
    out_ +=
        text_element("td", column.numeric ? "class=\"n\"" : "",
                     number ? fixed(number->value, number->digits) : std::get<std::string>(cell));
  }

  void picture(const std::vector<std::byte>& jpeg, const char* what) {
    out_ += "<img alt=\"" + std::string(what) + "\" src=\"data:image/jpeg;base64,";
    out_ += base64(jpeg);
    out_ += "\">";
  }

  std::string out_;
};

Result<void> write_figure(const std::filesystem::path& folder, const Figure& figure) {
  SHRIKE_TRY(write_file(folder / (figure.file + ".svg"),
                        std::string(kXmlDeclaration) + figure.canvas.to_svg(figure.label)));
  const std::filesystem::path png = folder / (figure.file + ".png");
  const auto image = figure.canvas.to_image();
  if (!image) return in_context("cannot write " + shown_path(png), image.error());
  return write_image(png, *image);
}

}  // namespace

std::string to_html(const Page& page) { return PageWriter().write(page); }

Result<void> write_page(const std::filesystem::path& folder, const Page& page) {
  for (const PageSection& section : page.sections)
    for (const auto& part : section.parts)
      if (const auto* figure = std::get_if<Figure>(&part))
        SHRIKE_TRY(write_figure(folder, *figure));
  return write_file(folder / kPageFile, to_html(page));
}

}  // namespace shrike
