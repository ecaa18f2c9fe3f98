// What the workers take of a convolution: tiles in blocks, panels of outputs in parts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// Blocks of at most `block` tiles, and parts of panels: every thread should get about four units of
// work, smaller blocks as far as they are efficient, then parts. Weights that come from afar are
// read once a block: there blocks stay whole.
class WinogradUnits {
 public:
  WinogradUnits(int64_t tiles, int64_t block, int64_t panels, bool far, int threads)
      : tiles_(tiles), panels_(panels) {
    constexpr int64_t kLeastTiles = 8;
    const int64_t wanted = threads > 1 ? 4 * threads : 1;
    const int64_t most = divide_up(tiles, far ? block : std::min(block, kLeastTiles));
    blocks_ = std::max(divide_up(tiles, block), std::min(wanted, most));
    parts_ = std::clamp<int64_t>(divide_up(wanted, blocks_), 1, panels);
  }

  struct Unit {
    int64_t first, last;  // tiles [first, last)
    int64_t begin, end;   // panels [begin, end)
    int64_t tiles() const { return last - first; }
  };
  int64_t blocks() const { return blocks_; }
  int64_t most_tiles() const { return divide_up(tiles_, blocks_); }  // of a block
  int64_t parts() const { return parts_; }
  Unit unit(int64_t block, int64_t part) const {
    return {tiles_ * block / blocks_, tiles_ * (block + 1) / blocks_, panels_ * part / parts_,
            panels_ * (part + 1) / parts_};
  }

 private:
  int64_t tiles_, panels_, blocks_, parts_;
};

// Computes all units. What is made of a block's inputs lies in the scratch of one worker, whose
// number is called `place`: of the worker itself, or, where several take parts of a block, of any,
// so that it is made once. Work has
//   void transform(int place, const Unit&, int64_t t): the input of the unit's tile t
//   int64_t starts(): how many more things there are to be made of all of a block's tiles
//   void start(int place, const Unit&, int64_t i): one of them
//   void compute(int place, int worker, const Unit&): outputs of the unit's panels
template <typename Work>
void compute_units(const WinogradUnits& units, ThreadPool& pool, const Work& work) {
  if (units.parts() == 1) {
    pool.parallel_for(units.blocks(), [&](int64_t block, int worker) {
      const WinogradUnits::Unit unit = units.unit(block, 0);
      for (int64_t t = 0; t < unit.tiles(); ++t) work.transform(worker, unit, t);
      for (int64_t i = 0; i < work.starts(); ++i) work.start(worker, unit, i);
      work.compute(worker, worker, unit);
    });
    return;
  }
  // As many blocks at a time as there are places.
  const int64_t most = units.most_tiles();
  for (int64_t first = 0; first < units.blocks(); first += pool.threads()) {
    const int64_t count = std::min<int64_t>(pool.threads(), units.blocks() - first);
    pool.parallel_for(count * most, [&](int64_t i, int) {
      const WinogradUnits::Unit unit = units.unit(first + i / most, 0);
      if (i % most < unit.tiles()) work.transform(static_cast<int>(i / most), unit, i % most);
    });
    pool.parallel_for(count * work.starts(), [&](int64_t i, int) {
      const int64_t block = i / work.starts();
      work.start(static_cast<int>(block), units.unit(first + block, 0), i % work.starts());
    });
    pool.parallel_for(count * units.parts(), [&](int64_t i, int worker) {
      const int64_t block = i / units.parts();
      work.compute(static_cast<int>(block), worker, units.unit(first + block, i % units.parts()));
    });
  }
}

}  // namespace shrike::kernels
