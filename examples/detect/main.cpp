// detect MODEL PICTURE...: the boxes in pictures, one JSON object a picture and line, as
// `shrike detect --json` prints them (without the times).
//
// Shows the whole of a program that uses Shrike: load a model once, look at many pictures, tell
// errors of a picture, which do not keep the others from being looked at, from all others.
#include <shrike/shrike.h>

#include <cstdio>
#include <string>

namespace {

// "text" as JSON has it. Of what JSON must not contain, file names and class names have quotes,
// backslashes and control characters.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    char escape[8];
    const bool control = static_cast<unsigned char>(c) < 0x20;
    if (control) std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
    if (c == '"' || c == '\\') result += '\\';
    result += control ? std::string(escape) : std::string(1, c);
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
