// Which share of some work is this process's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace shrike {

struct Shard {
  size_t index = 0;  // from 0
  size_t count = 1;

  bool operator==(const Shard&) const = default;
};

// "0/4" to "3/4". Errors are of kUsage and name --shard.
Result<Shard> parse_shard(const std::string& text);

// What a launcher says of this process: torchrun and Kubernetes' PyTorchJob (RANK, WORLD_SIZE), Open
// MPI (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE), MPICH and Intel MPI (PMI_RANK, PMI_SIZE), Slurm
// (SLURM_PROCID, SLURM_NTASKS), Kubernetes' indexed Job (JOB_COMPLETION_INDEX; WORLD_SIZE is for its
// manifest to set). The first pair that is there counts; nothing where none is. An error (kUsage)
// names the variables of a pair that makes no sense, and the one that is missing where no pair is
// there and RANK is alone, or WORLD_SIZE of more than one.
Result<std::optional<Shard>> shard_of_environment();

// "RANK '1'": by what a launcher says that this process is one of several, whether it makes sense or
// not; empty where none does.
std::string rank_of_launcher();

}  // namespace shrike
