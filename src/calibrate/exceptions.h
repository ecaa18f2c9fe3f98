// Which layers are worth being exceptions from 8 bits, one after the other.
//
// An exception takes the error away that its 8 bits make, and costs time: what its own kernels are
// slower by, and conversions where its neighbours have another type. So one beside another is
// cheaper than one alone, and exceptions come in runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shrike {

enum class LayerType : uint8_t { kInt8, kInt16, kFloat };
inline constexpr size_t kLayerTypes = 3;

// Milliseconds a value where one type follows another.
struct ConversionMs {
  double to_integers = 0;  // floats read and integers written
  double to_floats = 0;    // what a convolution in integers takes longer that writes floats
};

// What a unit (units.h) costs.
struct TypedUnit {
  double error = 0;                         // of its 8 bits
  std::array<double, kLayerTypes> ms = {};  // by type; all 0: not known
  double at(LayerType type) const { return ms[static_cast<size_t>(type)]; }
};

// Unit `to` reads `values` that unit `from` computes.
struct UnitEdge {
  size_t from = 0, to = 0;
  double values = 0;
};

// The milliseconds of a picture with these types, by unit.
double time_of(const std::vector<TypedUnit>& units, const std::vector<UnitEdge>& edges,
               const ConversionMs& conversion, const std::vector<LayerType>& types);

// Those of `units` that `types` leaves in 8 bits, the one first that takes away the most error for
// each millisecond that it costs by then, as its one of `exceptions`. What saves time, too, still
// counts as a tenth of its `ms` in floats, so that errors decide (mixed.cpp takes these for 5 %
// longer than they were measured); units whose time is not known cost the same.
std::vector<size_t> exceptions_in_order(const std::vector<TypedUnit>& units,
                                        const std::vector<UnitEdge>& edges,
                                        const ConversionMs& conversion,
                                        std::vector<LayerType> types,
                                        const std::vector<LayerType>& exceptions);

// Units become floats, and 8 bits again, as long as that makes the whole faster; from `types`.
std::vector<LayerType> faster_types(const std::vector<TypedUnit>& units,
                                    const std::vector<UnitEdge>& edges,
                                    const ConversionMs& conversion, std::vector<LayerType> types);

}  // namespace shrike
