// How a kernel is chosen: the first row of a family's table that the machine can run and that
// does not refuse the problem. The last row of every table is the readable reference, which needs
// no CPU feature and refuses nothing, so a choice always exists.
//
// Every row type starts with the three members used here:
//   const char* name;  CpuNeed need;  const char* (*refuse)(const Problem&);
// `refuse` answers null or the reason, a string that lives for ever; a null `refuse` accepts all.
// The choice depends on the problem and the machine alone, never on the number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"

namespace shrike::kernels {

enum class CpuNeed : uint8_t {
  kNothing,
  kAvx2Fma,
  kAvxVnni,
  kAvx512,
  kAvx512Vnni,
  kAvx512Vbmi,
  kAvx512Bf16,
  kAmxBf16,
  // What is fast alone on processors with CpuFeatures::whole_avx512, with separate_adders, and with
  // these beside vectors that are computed in halves or whole.
  kAvx512Whole,
  kAvx512Adders,
  kAvx512HalvedAdders,
  kAvx512WholeAdders
};

// Null when `cpu` has what is needed, else the reason it has not.
const char* cpu_lacks(CpuNeed need, const CpuFeatures& cpu);

// Whether `cpu` has the instructions, were it fast at it or not: what tests run.
bool can_run(CpuNeed need, const CpuFeatures& cpu = cpu_features());

struct Declined {
  const char* kernel;
  const char* reason;
};

template <typename Kernel>
struct Choice {
  const Kernel* kernel;            // a row of the table
  std::vector<Declined> declined;  // the rows before it, in table order
};

// Requires a table whose last row accepts everything.
template <typename Kernel, typename Problem>
Choice<Kernel> select_kernel(std::span<const Kernel> table, const Problem& problem,
                             const CpuFeatures& cpu = cpu_features()) {
  Choice<Kernel> choice{&table.back(), {}};
  for (const Kernel& row : table) {
    const char* reason = cpu_lacks(row.need, cpu);
    if (!reason && row.refuse) reason = row.refuse(problem);
    if (!reason) {
      choice.kernel = &row;
      break;
    }
    choice.declined.push_back({row.name, reason});
  }
  return choice;
}

}  // namespace shrike::kernels
