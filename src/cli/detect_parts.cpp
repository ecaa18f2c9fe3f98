#include "cli/detect_parts.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "base/excerpt.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/picture_reader.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"
#include "validate/part_files.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

constexpr size_t kAtOnce = 2;  // blocks of the rest, until it is seen what others have done

// Names and sizes of the files: the folder may lie elsewhere on another host.
std::string digest_of_pictures(const std::vector<fs::path>& pictures) {
  std::string text;
  for (const fs::path& picture : pictures) {
    std::error_code error;
    const auto size = fs::file_size(picture, error);
    text += picture.filename().string() + '\n' + (error ? "?" : std::to_string(size)) + '\n';
  }
  return digest(text);
}

// {"text": ...}, {"error": ...}
bool is_sound(const Json& picture) {
  if (!picture.is_object() || picture.size() != 1) return false;
  const auto& [key, value] = *picture.items().begin();
  return (key == "text" || key == "error") && value.is_string();
}

class PartsWork {
 public:
  PartsWork(PartFiles files, const std::vector<fs::path>& pictures, const LookAtPicture& look)
      : files_(std::move(files)), pictures_(pictures), look_(look) {}

  // Of `blocks`, those that no sound part is there of.
  Result<std::vector<size_t>> missing(const std::vector<size_t>& blocks) const {
    std::vector<size_t> missing;
    for (const size_t block : blocks) {
      SHRIKE_ASSIGN(PartFile part, files_.read(block));
      if (part.pictures && !std::all_of(part.pictures->begin(), part.pictures->end(), is_sound))
        part = {{}, files_.path_of(block).string() + ": what it says of a picture is damaged"};
      if (!part.pictures) missing.push_back(block);
      if (!part.damage.empty()) say(printable(part.damage) + ": made again");
    }
    return missing;
  }

  // Until a signal.
  Result<void> look_at(const std::vector<size_t>& blocks, ProgressBar& bar) {
    for (const size_t block : blocks) {
      const std::vector<size_t> numbers = files_.pictures_of(block);
      std::vector<fs::path> paths;
      for (const size_t i : numbers) paths.push_back(pictures_[i]);
      PictureReader reader(paths);
      Json said = Json::array();
      for (const size_t i : numbers) {
        const Result<std::string> text = look_(i, reader.next());
        if (!text && text.error().kind != ErrorKind::kInput) return text.error();
        said.push_back(text ? Json{{"text", *text}} : Json{{"error", text.error().message}});
        bar.set(++done_);
        if (interrupted() != 0) return {};
      }
      SHRIKE_TRY(files_.write(block, std::move(said)));
    }
    return {};
  }

  // A few blocks at a time, so that what others finish meanwhile is not done again.
  Result<void> look_at_the_rest(ProgressBar& bar) {
    while (interrupted() == 0) {
      SHRIKE_ASSIGN(std::vector<size_t> left, missing(all()));
      if (left.empty()) return {};
      std::reverse(left.begin(), left.end());
      left.resize(std::min(left.size(), kAtOnce));
      SHRIKE_TRY(look_at(left, bar));
    }
    return {};
  }

  // The exit code.
  Result<int> tell() const {
    int code = kExitOk;
    for (const size_t block : all()) {
      SHRIKE_ASSIGN(const PartFile part, files_.read(block));
      if (!part.pictures) return runtime_error("a part of the work has gone: start again");
      for (const Json& picture : *part.pictures) {
        if (const auto error = picture.find("error"); error != picture.end()) {
          say(printable(error->get<std::string>()));
          code = kExitInput;
          continue;
        }
        const std::string text = picture.at("text").get<std::string>();
        std::fwrite(text.data(), 1, text.size(), stdout);
      }
      SHRIKE_TRY(flush_output());
    }
    return code;
  }

  std::vector<size_t> all() const { return files_.share(0, 1); }
  std::vector<size_t> share_of(const Shard& shard) const {
    return files_.share(shard.index, shard.count);
  }
  size_t pictures(const std::vector<size_t>& blocks) const {
    size_t count = 0;
    for (const size_t block : blocks) count += files_.pictures_of(block).size();
    return count;
  }

 private:
  PartFiles files_;
  const std::vector<fs::path>& pictures_;
  const LookAtPicture& look_;
  size_t done_ = 0;
};

}  // namespace

Result<void> check_holds_none(const fs::path& folder, const std::vector<fs::path>& pictures) {
  if (folder.empty()) return {};
  for (const fs::path& picture : pictures) {
    std::error_code error;
    const fs::path own = picture.has_parent_path() ? picture.parent_path() : fs::path(".");
    if (fs::equivalent(folder, own, error))
      return usage_error("--parts: " + shown_path(folder) +
                         " has pictures in it that are looked at; save into another folder");
  }
  return {};
}

Result<int> detect_in_parts(const PartsOptions& options, Json same,
                            const std::vector<fs::path>& pictures, const LookAtPicture& look,
                            bool json) {
  SHRIKE_ASSIGN(const WorkShare own, work_share(options));
  same["pictures"] = digest_of_pictures(pictures);
  PartsWork work(PartFiles(options.folder, std::move(same), pictures.size()), pictures, look);
  const std::vector<size_t> share = work.share_of(own.shard);
  SHRIKE_ASSIGN(const std::vector<size_t> mine, work.missing(share));
  {
    ProgressBar bar(work.pictures(mine), true);
    SHRIKE_TRY(work.look_at(mine, bar));
    if (own.tells) SHRIKE_TRY(work.look_at_the_rest(bar));
  }
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (own.tells) return work.tell();
  SHRIKE_ASSIGN(const std::vector<size_t> left, work.missing(work.all()));
  tell_share({own.shard, work.pictures(share), work.pictures(left)}, json);
  return kExitOk;
}

}  // namespace shrike
