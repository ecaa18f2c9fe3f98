#include "cli/output_names.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/file_name.h"
#include "data/yolo_labels.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The canonical form of a path whose last part may be a link or not be there.
fs::path place_of(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  return fs::weakly_canonical(folder, error) / path.filename();
}

// Where the pictures lie: themselves, and where they are links what they link to.
class Originals {
 public:
  explicit Originals(const std::vector<fs::path>& pictures) {
    for (const fs::path& picture : pictures) {
      std::error_code error;
      add(place_of(picture));
      add(fs::weakly_canonical(picture, error));
    }
  }

  bool have(const fs::path& path) const { return files_.contains(place_of(path)); }

  bool lie_in(const fs::path& folder) const { return is_one_of(folders_, folder); }
  // Whether the folder is where a data set has its labels.
  bool have_labels_in(const fs::path& folder) const { return is_one_of(label_folders_, folder); }

 private:
  static bool is_one_of(const std::set<fs::path>& folders, const fs::path& folder) {
    return std::any_of(folders.begin(), folders.end(), [&](const fs::path& own) {
      std::error_code error;
      return fs::equivalent(own, folder, error) && !error;
    });
  }
  void add(const fs::path& path) {
    files_.insert(path);
    folders_.insert(path.parent_path());
    label_folders_.insert(yolo_label_path(path).parent_path());
  }
  std::set<fs::path> files_, folders_, label_folders_;
};

// Names given to pictures, each once. Those that pictures really have are kept for them: one that
// is called "1_2.jpg" gets "1_2", and no picture gets it for being the second "1".
class Stems {
 public:
  explicit Stems(const std::vector<fs::path>& pictures) {
    for (const fs::path& picture : pictures) taken_.insert(picture.stem().string());
  }

  // For the first picture of that name.
  bool take_own(const std::string& stem) { return own_.insert(stem).second; }

  // `stem`, which no picture has of itself.
  bool take(const std::string& stem) { return taken_.insert(stem).second; }

  // The first of "stem_2", "stem_3", ... that is not taken and may be.
  std::string take_numbered(const std::string& stem, const auto& may_be) {
    int& number = numbers_.try_emplace(stem, 2).first->second;
    for (;;) {
      const std::string numbered = stem + "_" + std::to_string(number++);
      if (take(numbered) && may_be(numbered)) return numbered;
    }
  }

 private:
  std::set<std::string> taken_, own_;
  std::map<std::string, int> numbers_;  // the next to try
};

// `name`, or NAME_boxes, NAME_boxes_2, ...: the first that may be.
std::string free_name(Stems& stems, std::string name, const auto& may_be) {
  if (may_be(name)) return name;
  name += "_boxes";
  return stems.take(name) && may_be(name) ? name : stems.take_numbered(name, may_be);
}

std::string annotated_ending(const fs::path& picture) {
  return lower_ending(picture) == ".png" ? ".png" : ".jpg";
}

// Whether a file may be written to `path`: links and folders are never replaced.
bool may_write(const fs::path& path, bool replace) {
  std::error_code error;
  switch (fs::symlink_status(path, error).type()) {
    case fs::file_type::none:  // cannot even be asked for, as a name that is too long: writing
                               // tells
    case fs::file_type::not_found:
      return true;
    case fs::file_type::regular:
      return replace;
    default:
      return false;
  }
}

}  // namespace

std::vector<OutputPaths> output_paths(const std::vector<fs::path>& pictures, const fs::path& save,
                                      const fs::path& labels) {
  const Originals originals(pictures);
  Stems stems(pictures);
  std::vector<std::string> names;
  const auto label_path = [&](const std::string& stem) { return labels / (stem + ".txt"); };
  const auto may_label = [&](const std::string& stem) {
    return labels.empty() || !originals.have(label_path(stem));
  };
  for (const fs::path& picture : pictures) {
    const std::string own = picture.stem().string();
    const bool as_it_is = stems.take_own(own) && may_label(own);
    names.push_back(as_it_is ? own : stems.take_numbered(own, may_label));
  }

  const bool replace = !save.empty() && !originals.lie_in(save);
  const bool replace_labels =
      !labels.empty() && !originals.lie_in(labels) && !originals.have_labels_in(labels);
  const auto may_save_label = [&](const std::string& stem) {
    return may_label(stem) && may_write(label_path(stem), replace_labels);
  };
  Stems label_stems = stems;
  std::vector<OutputPaths> paths(pictures.size());
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!labels.empty())
      paths[i].labels = label_path(free_name(label_stems, names[i], may_save_label));
    if (save.empty()) continue;
    const std::string ending = annotated_ending(pictures[i]);
    const auto may_save = [&](const std::string& stem) {
      return may_write(save / (stem + ending), replace);
    };
    paths[i].picture = save / (free_name(stems, names[i], may_save) + ending);
  }
  return paths;
}

std::string safe_file_name(std::string_view name) {
  std::string safe(name);
  for (char& c : safe)
    if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-') c = '_';
  if (safe.empty()) return "_";
  if (safe[0] == '.') safe[0] = '_';
  return safe;
}

}  // namespace shrike
