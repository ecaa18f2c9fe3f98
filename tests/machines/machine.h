// What makes a machine odd, done to the child before the program starts.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "fixtures.h"

namespace shrike::testing {

using Prepare = std::function<void()>;

// setrlimit of `resource` (RLIMIT_FSIZE, RLIMIT_AS, ...).
Prepare limited(int resource, size_t limit);

// As somebody who is not root and owns nothing: root may write everywhere.
Prepare as_nobody();

// Makes a folder that the above can read, and nobody but root can write to.
void make_read_only(const std::filesystem::path& folder);

Outcome run_with(const Prepare& prepare, const std::vector<std::string>& words);

// A file system of `bytes` for as long as this lives. Needs root: there() says whether it worked.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& folder, size_t bytes);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();
  bool there() const { return there_; }

 private:
  std::filesystem::path folder_;
  bool there_;
};

// A Darknet model with the layers that have kernels of their own (groups, batch norm, leaky, pools,
// upsampling, route, shortcut), its weights noise: folder/NAME.cfg and .weights.
std::string write_darknet_model(const std::filesystem::path& folder, const std::string& name);

// Whether a program is in PATH.
bool have_program(const std::string& name);

}  // namespace shrike::testing
