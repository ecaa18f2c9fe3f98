// What every plan of an arena must hold.
#pragma once

#include <gtest/gtest.h>

#include <span>

#include "base/tensor.h"
#include "engine/memory_plan.h"

namespace shrike {

inline void expect_sound(std::span<const Lifetime> lifetimes, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), lifetimes.size());
  EXPECT_GE(plan.bytes, plan.lower_bound);
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    const Lifetime& a = lifetimes[i];
    EXPECT_EQ(plan.offsets[i] % kTensorAlignment, 0u);
    EXPECT_LE(plan.offsets[i] + a.bytes, plan.bytes);
    for (size_t j = 0; j < i; ++j) {
      const Lifetime& b = lifetimes[j];
      if (a.last < b.first || b.last < a.first || a.bytes == 0 || b.bytes == 0) continue;
      EXPECT_TRUE(plan.offsets[i] + a.bytes <= plan.offsets[j] ||
                  plan.offsets[j] + b.bytes <= plan.offsets[i]);
    }
  }
}

}  // namespace shrike
