#include "cli/out_folder.h"

#include <algorithm>
#include <set>

#include "base/excerpt.h"
#include "data/searched_folders.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Without links and "..", as far as it is there.
fs::path real(const fs::path& path) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) whole = path.lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

struct SetFolders {
  std::set<fs::path> searched;  // with what is below
  std::set<fs::path> own;       // that hold pictures, labels or the settings
};

Result<void> add_folders(const Dataset& dataset, SetFolders& folders) {
  SHRIKE_ASSIGN(const std::vector<fs::path> searched, searched_folders(dataset));
  for (const fs::path& folder : searched) folders.searched.insert(real(folder));
  std::error_code ignored;
  folders.own.insert(real(fs::is_directory(dataset.source, ignored)
                              ? dataset.source
                              : fs::absolute(dataset.source, ignored).parent_path()));
  std::set<fs::path> parents;
  for (const Sample& sample : dataset.samples) parents.insert(sample.picture.parent_path());
  for (const fs::path& parent : parents) {
    folders.own.insert(real(parent));
    // A search goes through links, so that what one leads to is searched like the folder it is in.
    for (const fs::path& folder : searched)
      for (fs::path named = parent.lexically_normal(); lies_in(named, folder) && named != folder;
           named = named.parent_path())
        folders.searched.insert(real(named));
  }
  std::set<fs::path> read;
  for (const fs::path& file : dataset.files) read.insert(file.parent_path());
  for (const fs::path& folder : read) folders.own.insert(real(folder));
  return {};
}

}  // namespace

Result<void> check_out_folder(const fs::path& out, std::initializer_list<const Dataset*> sets,
                              const Dataset& unlabeled) {
  SetFolders set;
  for (const Dataset* dataset : sets) SHRIKE_TRY(add_folders(*dataset, set));
  for (const Sample& sample : unlabeled.samples) set.own.insert(real(sample.picture.parent_path()));
  if (!unlabeled.samples.empty()) set.searched.insert(real(unlabeled.source));

  const fs::path run = real(out);
  const auto refused = [&](const fs::path& folder, const std::string& why) {
    return usage_error("--out " + shown_path(out) + ": " + why + " (" + shown_path(folder) +
                       "); name another folder");
  };
  for (const fs::path& folder : set.searched)
    if (lies_in(run, folder))
      return refused(folder,
                     "it lies in a folder whose pictures the data set takes in, and a run "
                     "writes pictures");
  if (set.own.contains(run))
    return refused(run, "files of the data set lie there, and nothing is written among them");
  return {};
}

}  // namespace shrike
