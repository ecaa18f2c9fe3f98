// Whether text is well-formed XML, for tests: elements nest, attributes are quoted and unique,
// references are known, nothing else is markup. HTML's <!DOCTYPE>, <meta> and <img> are let pass.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shrike {

class XmlCheck {
 public:
  explicit XmlCheck(std::string_view text) : text_(text) { run(); }

  bool ok() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  // How often an element of this name begins.
  size_t count(const std::string& name) const {
    size_t n = 0;
    for (const std::string& seen : seen_) n += seen == name;
    return n;
  }
  // All text outside of tags.
  const std::string& text() const { return inside_; }

 private:
  void run() {
    while (at_ < text_.size() && ok()) {
      if (text_[at_] == '<') {
        tag();
      } else {
        inside_ += text_[at_];
        character();
      }
    }
    if (ok() && !open_.empty()) fail("not closed: " + open_.back());
    if (ok() && seen_.empty()) fail("no element");
  }

  void fail(std::string what) { problem_ = what + " at " + std::to_string(at_); }

  void character() {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x20 && byte != '\n') return fail("control character");
    if (text_.substr(at_, 3) == "\xEF\xBF\xBE" || text_.substr(at_, 3) == "\xEF\xBF\xBF")
      return fail("a character that XML refuses");
    if (byte == '&') {
      const size_t end = text_.find(';', at_);
      const std::string name(text_.substr(at_, end - at_ + 1));
      static const std::set<std::string> known = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
      if (!known.count(name)) return fail("unknown reference");
    }
    ++at_;
  }

  void tag() {
    for (const std::string_view prolog : {"<?xml ", "<!DOCTYPE html>"})
      if (text_.substr(at_, prolog.size()) == prolog) {
        at_ = text_.find('>', at_) + 1;
        return;
      }
    const bool closing = text_.substr(at_, 2) == "</";
    at_ += closing ? 2 : 1;
    const std::string name = word();
    if (name.empty()) return fail("a < that begins no tag");
    if (closing) {
      if (open_.empty() || open_.back() != name) return fail("closes " + name);
      open_.pop_back();
      if (text_[at_] != '>') return fail("no >");
      ++at_;
      return;
    }
    seen_.push_back(name);
    attributes(name);
    if (ok() && name == "style") at_ = text_.find("</style>", at_);
  }

  void attributes(const std::string& element) {
    std::set<std::string> names;
    while (ok()) {
      if (at_ >= text_.size()) return fail("a tag without end");
      if (text_.substr(at_, 2) == "/>") {
        at_ += 2;
        return;
      }
      if (text_[at_] == '>') {
        ++at_;
        if (element != "meta" && element != "img") open_.push_back(element);
        return;
      }
      if (text_[at_] != ' ') return fail("no blank before an attribute");
      ++at_;
      const std::string name = word();
      if (name.empty() || !names.insert(name).second) return fail("attribute");
      if (text_.substr(at_, 2) != "=\"") return fail("attribute without quotes");
      at_ += 2;
      while (ok() && at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '<') return fail("< in an attribute");
        character();
      }
      ++at_;
    }
  }

  std::string word() {
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  text_[at_] == '-' || text_[at_] == ':'))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string problem_, inside_;
  std::vector<std::string> open_, seen_;
};

}  // namespace shrike
