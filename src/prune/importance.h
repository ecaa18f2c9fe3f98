// Importance: what a channel is worth, by its weights alone.
//
// Of each convolution or product that makes a channel its filters count, of each batch norm its
// scale; a channel that several make has the mean of theirs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/field.h"
#include "prune/channel_groups.h"
#include "prune/channels.h"

namespace shrike {

enum class Importance : uint8_t {
  kL1,      // sum of magnitudes of the filter (Li et al. 2017, arXiv 1608.08710)
  kL2,      // its length
  kNorm,    // |scale| of the batch norm (Liu et al. 2017, arXiv 1708.06519)
  kMedian,  // sum of distances to the layer's other filters: small near their geometric median
            // (He et al. 2019, arXiv 1811.00250)
  kRandom,  // the control
};

inline constexpr EnumName<Importance> kImportances[] = {{Importance::kL1, "l1"},
                                                        {Importance::kL2, "l2"},
                                                        {Importance::kNorm, "norm"},
                                                        {Importance::kMedian, "median"},
                                                        {Importance::kRandom, "random"}};
constexpr std::span<const EnumName<Importance>> enum_names(Importance) { return kImportances; }

// By channel, at least 0; of channels that nothing makes 0. `seed` is for kRandom. Errors (kUsage):
// kNorm of a graph without batch norms.
Result<std::vector<double>> importance(const Graph& graph, const Channels& channels,
                                       Importance kind, uint64_t seed);

// Divided by the mean of the channel's group, so that layers whose weights are small by nature are
// not emptied first.
void normalise_by_group(std::vector<double>& scores, std::span<const ChannelGroup> groups);

}  // namespace shrike
