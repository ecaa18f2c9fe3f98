// What kernels were measured to take, kept for the next start: a JSON file for each processor,
//
//   CACHE/tuning/PROCESSOR.json
//   {"format": 1, "program": BUILD_ID, "times": {PROBLEM: {KERNEL: milliseconds, ...}, ...}}
//
// Times of another build of the program say nothing about this one's kernels and are dropped.
#pragma once

#include <filesystem>
#include <string>

#include "base/cpu.h"
#include "base/result.h"
#include "engine/tuning.h"

namespace shrike {

// "amd-epyc-7763.avx2-fma.avx512.json": letters, digits, dots and dashes.
std::string tuning_file_name(const std::string& cpu, const CpuFeatures& features);

// CACHE/FOLDER/PROCESSOR.json of this machine. Errors (kRuntime): there is no home, or no build id
// by which times of another build could be told.
Result<std::filesystem::path> times_path(const std::string& folder);

// The file's times; none where it is missing or of another build. An error (kInput) that names the
// path where it is damaged or not readable.
Result<KernelTimes> read_times(const std::filesystem::path& path, const std::string& program);

// Adds times to the file, over those it has; a damaged file and one of another build are replaced.
// Several processes may do so at once, and none loses what another has written. Makes the folder.
// Errors (kRuntime) name the path.
Result<void> keep_times(const std::filesystem::path& path, const std::string& program,
                        const KernelTimes& times);

}  // namespace shrike
