// The --memory-limit option: how much of what the user allows is left for the network.
#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <filesystem>
#include <vector>

#include "engine/memory_limit.h"

namespace shrike {

void add_memory_limit_option(CLI::App& app, int& megabytes);

// megabytes: the option's value, 0 where it was not given. own: bytes that the command itself holds
// while the network runs: its inputs, pictures. sessions: that run side by side.
MemoryLimit process_limit(int megabytes, size_t own, size_t sessions = 1);

// Says on standard error that the network runs on fewer threads than --threads wants (0: all cores),
// where the limit leaves room for no more.
void tell_fewer_threads(const MemoryLimit& limit, int wanted, int threads);

// Of a pixel while its picture is decoded: three, and three for the coefficients of a progressive
// JPEG with chroma subsampling.
inline constexpr size_t kDecodedBytes = 6;

// What the pictures take, at most, that are decoded, looked at by each of the streams, and with
// `drawn` drawn and written at a time (picture_pipeline.h). From the files' headers: what cannot be
// read counts for nothing.
size_t picture_bytes(const std::vector<std::filesystem::path>& pictures, bool drawn,
                     size_t streams = 1);

}  // namespace shrike
