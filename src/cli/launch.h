// Where the processes of a run meet, from what their launcher says in the environment.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/shard.h"

namespace shrike {

struct Launch {
  Shard share;                        // rank and number of ranks
  std::string address = "127.0.0.1";  // of the host that rank 0 is on
  int port = 29500;                   // there, for the store in which ranks find each other
  // Somebody else serves the store (torchrun's agent); otherwise rank 0 does.
  bool store_is_served = false;
  std::string attempt = "0";  // to tell starts apart that share a store

  bool operator==(const Launch&) const = default;
};

// Rank and size: shard_of_environment(). Address and port: MASTER_ADDR and MASTER_PORT; without the
// first, Slurm's first host (SLURM_STEP_NODELIST, SLURM_JOB_NODELIST), or this host where the launcher
// says that all ranks are on it (LOCAL_WORLD_SIZE, OMPI_COMM_WORLD_LOCAL_SIZE, MPI_LOCALNRANKS);
// without the second, 29500 (Slurm: 20000 + the job's number modulo 10000, so that jobs on one host
// do not meet). Nothing where no launcher is, or where it started one process.
// Errors (kUsage) name the variable.
Result<std::optional<Launch>> launch_of_environment();

// How many ranks a launcher that binds none to cores of its own started on this host
// (LOCAL_WORLD_SIZE); 1 where it does not say.
int ranks_without_bounds();

// Which of this host's ranks this is, from 0, as far as a launcher says it (LOCAL_RANK,
// OMPI_COMM_WORLD_LOCAL_RANK, MPI_LOCALRANKID, SLURM_LOCALID); otherwise 0.
int local_rank();

// The first host of a list as Slurm writes it: "n3" of "n[3-5,9],m1", "a01-x" of "a[01-04]-x".
std::string first_host(const std::string& list);

}  // namespace shrike
