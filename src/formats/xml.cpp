#include "formats/xml.h"

#include <expat.h>

#include <memory>
#include <new>
#include <type_traits>

#include "base/memory.h"

namespace shrike {

namespace {

constexpr size_t kMaxLevels = 32;
constexpr size_t kMaxElements = 100'000;

struct ParserDeleter {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using ParserPointer = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserDeleter>;

void trim(std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) {
    text.clear();
    return;
  }
  text = text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// What the callbacks work on.
class TreeBuilder {
 public:
  explicit TreeBuilder(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
  }

  const std::string& refusal() const { return refusal_; }
  bool out_of_memory() const { return out_of_memory_; }
  XmlElement take() { return std::move(root_); }

 private:
  static TreeBuilder& self(void* data) { return *static_cast<TreeBuilder*>(data); }

  // Nothing may be thrown through expat's own frames.
  template <typename Work>
  void guarded(const Work& work) {
    if (!refusal_.empty() || out_of_memory_) return;
    try {
      work();
    } catch (const std::bad_alloc&) {
      out_of_memory_ = true;
      XML_StopParser(parser_, XML_FALSE);
    }
  }

  static void on_start(void* data, const XML_Char* name, const XML_Char**) {
    TreeBuilder& builder = self(data);
    builder.guarded([&] { builder.start(name); });
  }
  static void on_end(void* data, const XML_Char*) {
    TreeBuilder& builder = self(data);
    builder.guarded([&] {
      trim(builder.open_.back()->text);
      builder.open_.pop_back();
    });
  }
  static void on_text(void* data, const XML_Char* text, int count) {
    TreeBuilder& builder = self(data);
    builder.guarded([&] {
      builder.open_.back()->text.append(text, static_cast<size_t>(count));
    });
  }
  static void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    TreeBuilder& builder = self(data);
    builder.guarded([&] { builder.refuse("a document type (<!DOCTYPE) is not read"); });
  }

  void start(const char* name) {
    if (open_.size() == kMaxLevels) return refuse("more than 32 levels");
    if (++elements_ > kMaxElements) return refuse("more than 100,000 elements");
    // Its parent gets no other child before this one ends, so that the pointer stays good.
    XmlElement& element = open_.empty() ? root_ : open_.back()->children.emplace_back();
    element.name = name;
    element.line = static_cast<int>(XML_GetCurrentLineNumber(parser_));
    open_.push_back(&element);
  }

  void refuse(const char* why) {
    refusal_ = why;
    XML_StopParser(parser_, XML_FALSE);
  }

  XML_Parser parser_;
  XmlElement root_;
  std::vector<XmlElement*> open_;
  size_t elements_ = 0;
  std::string refusal_;
  bool out_of_memory_ = false;
};

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  for (const XmlElement& element : children)
    if (element.name == child) return &element;
  return nullptr;
}

Result<XmlElement> parse_xml(std::string_view text, const std::string& source) {
  if (text.size() > kMaxXmlBytes)
    return input_error(source + " is larger than " + std::to_string(kMaxXmlBytes) + " bytes");
  const ParserPointer parser(XML_ParserCreate(nullptr));
  if (!parser) return out_of_memory("cannot read " + source);
  TreeBuilder builder(parser.get());
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) ==
      XML_STATUS_OK)
    return builder.take();
  const XML_Error code = XML_GetErrorCode(parser.get());
  if (code == XML_ERROR_NO_MEMORY || builder.out_of_memory()) return out_of_memory("cannot read " + source);
  const std::string why = builder.refusal().empty()
                              ? std::string("not valid XML: ") + XML_ErrorString(code)
                              : builder.refusal();
  return input_error(source + ":" + std::to_string(XML_GetCurrentLineNumber(parser.get())) + ": " +
                     why);
}

}  // namespace shrike
