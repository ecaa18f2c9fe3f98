#include "cli/detect_parts.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "base/excerpt.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
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
  PartsWork(PartFiles files, const PictureWork& work) : files_(std::move(files)), work_(work) {}

  // Of `blocks`, those that no sound part is there of; `once_more`: and those with a picture that
  // failed, which may have been mended since.
  Result<std::vector<size_t>> missing(const std::vector<size_t>& blocks,
                                      bool once_more = false) const {
    std::vector<size_t> missing;
    for (const size_t block : blocks) {
      SHRIKE_ASSIGN(PartFile part, files_.read(block));
      if (part.pictures && !std::all_of(part.pictures->begin(), part.pictures->end(), is_sound))
        part = {{}, files_.path_of(block).string() + ": what it says of a picture is damaged"};
      if (!part.pictures || (once_more && any_failed(*part.pictures))) missing.push_back(block);
      if (!part.damage.empty()) say(printable(part.damage) + ": made again");
    }
    return missing;
  }

  // Until a signal.
  Result<void> look_at(const std::vector<size_t>& blocks, ProgressBar& bar) {
    for (const size_t block : blocks) {
      Json said = Json::array();
      const auto tell = [&](size_t, const Result<std::string>& text) -> Result<void> {
        said.push_back(text ? Json{{"text", *text}} : Json{{"error", text.error().message}});
        bar.set(++done_);
        return {};
      };
      const std::vector<size_t> numbers = files_.pictures_of(block);
      SHRIKE_TRY(work_through(numbers.size(), work_on(numbers), tell));
      if (interrupted() != 0) return {};
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
  static bool any_failed(const Json& pictures) {
    return std::any_of(pictures.begin(), pictures.end(),
                       [](const Json& picture) { return picture.contains("error"); });
  }

  // The work on these pictures alone, numbered anew.
  PictureWork work_on(const std::vector<size_t>& numbers) const {
    PictureWork work = work_;
    work.read = [&](size_t i) { return work_.read(numbers[i]); };
    work.look = [&](size_t stream, size_t i, const Image& image) {
      return work_.look(stream, numbers[i], image);
    };
    work.finish = [&](size_t i, const Image& image, Detections found) {
      return work_.finish(numbers[i], image, std::move(found));
    };
    return work;
  }

  PartFiles files_;
  const PictureWork& work_;
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
                            const std::vector<fs::path>& pictures, const PictureWork& work,
                            bool json) {
  SHRIKE_ASSIGN(const WorkShare own, work_share(options));
  same["pictures"] = digest_of_pictures(pictures);
  PartsWork parts(PartFiles(options.folder, std::move(same), pictures.size()), work);
  const std::vector<size_t> share = parts.share_of(own.shard);
  SHRIKE_ASSIGN(const std::vector<size_t> mine, parts.missing(share, true));
  {
    ProgressBar bar(parts.pictures(mine), true);
    SHRIKE_TRY(parts.look_at(mine, bar));
    if (own.tells) SHRIKE_TRY(parts.look_at_the_rest(bar));
  }
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (own.tells) return parts.tell();
  SHRIKE_ASSIGN(const std::vector<size_t> left, parts.missing(parts.all()));
  tell_share({own.shard, parts.pictures(share), parts.pictures(left)}, json);
  return kExitOk;
}

}  // namespace shrike
