// Importance: what a channel is worth, by its weights or by numbers that somebody measured.
//
// Of each convolution or product that makes a channel its filters count; a channel that several
// make has the mean of theirs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/field.h"
#include "prune/channel_groups.h"
#include "prune/channels.h"

namespace shrike {

enum class Importance : uint8_t {
  kL1,      // sum of magnitudes of the filter (Li et al. 2017, arXiv 1608.08710)
  kL2,      // its length
  kNorm,    // |scale| of the batch norm (Liu et al. 2017, arXiv 1708.06519): norm_scales()
  kMedian,  // sum of distances to the layer's other filters: small near their geometric median
            // (He et al. 2019, arXiv 1811.00250)
  kTaylor,  // what the loss would change by, to the first order, without the channel (Molchanov et
            // al. 2017, arXiv 1611.06440): measured, train/taylor.h
  kRandom,  // the control
};

// By the name of a convolution's or product's weights a number for each of its filters.
using FilterScores = std::map<std::string, std::vector<double>, std::less<>>;

// |scale| of the batch norms that alone read a convolution, by the names of its weights before and
// after fold_batchnorm_into_conv.
FilterScores norm_scales(const Graph& graph);

inline constexpr EnumName<Importance> kImportances[] = {{Importance::kL1, "l1"},
                                                        {Importance::kL2, "l2"},
                                                        {Importance::kNorm, "norm"},
                                                        {Importance::kMedian, "median"},
                                                        {Importance::kTaylor, "taylor"},
                                                        {Importance::kRandom, "random"}};
constexpr std::span<const EnumName<Importance>> enum_names(Importance) { return kImportances; }

inline constexpr double kUnknownWorth = -1;

// By channel, at least 0, or kUnknownWorth: of channels that nothing makes, or no layer that has
// numbers. `seed` is for kRandom, `measured` for kTaylor, and for kNorm where the graph's own batch
// norms are not meant: layers that it lacks do not count. Errors (kUsage): it has none of the
// graph's.
Result<std::vector<double>> importance(const Graph& graph, const Channels& channels,
                                       Importance kind, uint64_t seed,
                                       const FilterScores& measured = {});

// Instead of kUnknownWorth the mean of what is known in the channel's group; of a group without any
// that of all groups' channels; where nothing at all is known 1. So no channel leaves because nobody
// knows what it is worth.
void estimate_unknown(std::vector<double>& scores, std::span<const ChannelGroup> groups);

// Divided by the mean of the channel's group, so that layers whose weights are small by nature are
// not emptied first. Requires numbers, not kUnknownWorth.
void normalise_by_group(std::vector<double>& scores, std::span<const ChannelGroup> groups);

}  // namespace shrike
