#include "cli/recovery_folder.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "base/excerpt.h"
#include "base/file.h"
#include "cli/taylor_scores.h"
#include "cli/terminal.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// What prune makes in a step's folder before its training begins.
constexpr const char* kStepFiles[] = {"pruned.onnx", kTaylorNetwork, kTaylorNumbers};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// "step-1", and no "step-01" or "step-by-step".
bool is_step(std::string_view name) {
  constexpr std::string_view kStart = "step-";
  if (!name.starts_with(kStart)) return false;
  name.remove_prefix(kStart.size());
  return !name.empty() && name[0] != '0' &&
         name.find_first_not_of("0123456789") == std::string_view::npos;
}

// A run that has begun: whatever its folder has but a lock.
bool has_begun(const fs::path& run) {
  std::error_code error;
  for (fs::directory_iterator entry(run, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().filename() != kRunLock) return true;
  return false;
}

struct Contents {
  std::vector<fs::path> steps;  // the steps' folders
  bool trained = false;         // the training of one has begun
  fs::path foreign;             // has a name of ours, and prune makes no such thing; empty: none
};

Result<Contents> contents_of(const RecoveryFolder& folder) {
  Contents contents;
  const auto expect = [&](const fs::path& path, fs::file_type made) {
    std::error_code ignored;
    const fs::file_type type = fs::symlink_status(path, ignored).type();
    if (type != made && type != fs::file_type::not_found) contents.foreign = path;
  };
  expect(folder.note(), fs::file_type::regular);
  expect(folder.original(), fs::file_type::regular);
  std::error_code error;
  fs::directory_iterator entry(folder.path(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& step = entry->path();
    if (!is_step(step.filename().native())) continue;
    contents.steps.push_back(step);
    contents.trained |= has_begun(step / "run") || is_there(step / "recovered.onnx");
    expect(step, fs::file_type::directory);
    expect(step / "run", fs::file_type::directory);
    for (const char* name : kStepFiles) expect(step / name, fs::file_type::regular);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return runtime_error("--out " + shown_path(folder.path()) + ": " + error.message());
  return contents;
}

// Whether a recovery.json is one that prune wrote.
bool is_note(const std::string& text, const Json& asked, const std::vector<std::string>& budgets) {
  const Result<Json> note = parse_json(text, "recovery.json");
  if (!note || !note->is_object()) return false;
  const auto is_budget = [&](const std::string& key) {
    return std::find(budgets.begin(), budgets.end(), key) != budgets.end();
  };
  for (const auto& [key, value] : asked.items())
    if (!is_budget(key) && !note->contains(key)) return false;
  return std::count_if(budgets.begin(), budgets.end(),
                       [&](const std::string& key) { return note->contains(key); }) == 1;
}

Result<void> remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  return error ? runtime_error("cannot remove " + shown_path(path) + ": " + error.message())
               : Result<void>();
}

// The note stays, so that whatever is left in between is still known to be ours.
Result<void> clear(const RecoveryFolder& folder) {
  SHRIKE_ASSIGN(const Contents contents, contents_of(folder));
  for (const fs::path& step : contents.steps) {
    for (const char* name : kStepFiles) SHRIKE_TRY(remove_file(step / name));
    std::error_code not_empty;
    fs::remove(step / "run", not_empty);
    fs::remove(step, not_empty);
  }
  return remove_file(folder.original());
}

}  // namespace

Result<RecoveryFolder::Use> RecoveryFolder::use(const std::string& text, const Json& asked,
                                                const std::vector<std::string>& budgets,
                                                const std::string& original_bytes) const {
  const auto refused = [&](const std::string& why) {
    return usage_error("--out " + shown_path(folder_) + ": " + why +
                       "; name another folder, or remove that folder");
  };
  SHRIKE_ASSIGN(const Contents contents, contents_of(*this));
  const bool taught = is_there(original());
  if (!is_there(note())) {
    if (taught || !contents.steps.empty())
      return refused("files of a pruning lie there, and no recovery.json that says of which");
    return Use::kBegin;
  }
  SHRIKE_ASSIGN(const std::string before, read_text(note(), ErrorKind::kInput));
  if (taught && before == text) {
    SHRIKE_ASSIGN(const std::string model, read_text(original(), ErrorKind::kInput));
    if (model == original_bytes) return Use::kGoOn;
  }
  if (!is_note(before, asked, budgets))
    return refused("its recovery.json is not that of a pruning");
  if (contents.trained && before == text && !taught)
    return refused("the original.onnx of what was trained there is gone");
  if (contents.trained)
    return refused("another pruning lies there, which its recovery.json describes");
  if (!contents.foreign.empty())
    return refused(in_quotes(contents.foreign.lexically_relative(folder_).native()) +
                   " is nothing that prune made");
  return before == text ? Use::kBegin : Use::kBeginAnew;
}

Result<FolderLock> RecoveryFolder::open(const Json& asked, const std::vector<std::string>& budgets,
                                        const std::string& original_bytes) const {
  const std::string text = dump_json(asked, 2) + "\n";
  SHRIKE_TRY(use(text, asked, budgets, original_bytes));
  SHRIKE_TRY(make_folders(folder_));
  SHRIKE_ASSIGN(FolderLock lock, FolderLock::take(folder_ / "prune.lock"));
  SHRIKE_ASSIGN(const Use use_now, use(text, asked, budgets, original_bytes));  // still
  if (use_now == Use::kGoOn) return lock;
  if (use_now == Use::kBeginAnew)
    say(shown_path(folder_) +
        ": another pruning was begun there and nothing of it trained: this one takes its place");
  SHRIKE_TRY(clear(*this));
  SHRIKE_TRY(write_file(note(), text));
  SHRIKE_TRY(write_file(original(), original_bytes));
  return lock;
}

}  // namespace shrike
