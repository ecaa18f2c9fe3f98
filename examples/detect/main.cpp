// detect MODEL PICTURE...: the boxes in pictures, one JSON object a picture and line, as
// `shrike detect --json` prints them (without the times).
//
// Shows the whole of a program that uses Shrike: load a model once, look at many pictures, tell
// errors of a picture, which do not keep the others from being looked at, from all others.
#include <shrike/shrike.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

// Bytes of the character of UTF-8 at the start of `text`, of which there is one; where they are
// none, as in names of files may be, of the part to be shown as U+FFFD, and `sound` is false.
std::size_t character_bytes(std::string_view text, bool& sound) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned first = byte(0);
  const std::size_t bytes = first < 0x80   ? 1
                            : first < 0xC2 ? 0
                            : first < 0xE0 ? 2
                            : first < 0xF0 ? 3
                            : first < 0xF5 ? 4
                                           : 0;
  // Overlong forms, surrogates and what lies past U+10FFFF show in the second byte.
  unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  std::size_t count = 1;
  for (; count < bytes && byte(count) >= least && byte(count) <= most; ++count) {
    least = 0x80;
    most = 0xBF;
  }
  sound = count == bytes;
  return count;
}

// "text" as JSON has it, in UTF-8. Of what JSON must not contain, file names and class names have
// quotes, backslashes, control characters and bytes that are no UTF-8.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (std::string_view rest = text; !rest.empty();) {
    bool sound = false;
    const std::string_view character = rest.substr(0, character_bytes(rest, sound));
    rest.remove_prefix(character.size());
    const char c = character[0];
    if (!sound) {
      result += "\uFFFD";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      result += escape;
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += character;
    }
  }
  return result + "\"";
}

void print(const std::string& picture, const shrike::Detections& found) {
  std::printf("{\"image\":%s,\"width\":%d,\"height\":%d,\"detections\":[", quoted(picture).c_str(),
              found.picture.width, found.picture.height);
  const char* comma = "";
  for (const shrike::Detection& d : found.boxes) {
    // Nine digits hold every float.
    std::printf(
        "%s{\"class_id\":%d,\"class\":%s,\"confidence\":%.9g,\"box\":[%.9g,%.9g,%.9g,%.9g]}", comma,
        d.class_id, quoted(d.class_name).c_str(), double{d.confidence}, double{d.box.x1},
        double{d.box.y1}, double{d.box.x2}, double{d.box.y2});
    comma = ",";
  }
  std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL PICTURE...\n", argv[0]);
    return 2;
  }
  shrike::Result<shrike::Detector> detector = shrike::Detector::load(argv[1]);
  if (!detector) {
    std::fprintf(stderr, "%s\n", detector.error().message.c_str());
    return 1;
  }
  int code = 0;
  for (int i = 2; i < argc; ++i) {
    const shrike::Result<shrike::Detections> found = detector->detect_file(argv[i]);
    if (found) {
      print(argv[i], *found);
      continue;
    }
    std::fprintf(stderr, "%s\n", found.error().message.c_str());
    if (found.error().kind != shrike::ErrorKind::kInput) return 1;
    code = 1;
  }
  return code;
}
