// A fresh folder for one test, removed with all in it.
#pragma once

#include <unistd.h>

#include <cassert>
#include <filesystem>
#include <string>

namespace shrike {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "shrike-test-XXXXXX").string();
    const char* made = ::mkdtemp(name.data());
    assert(made);
    path_ = made;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace shrike
