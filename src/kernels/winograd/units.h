// What the workers take of a convolution: tiles in blocks, panels of outputs in parts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/sizes.h"
#include "kernels/winograd/geometry.h"

namespace shrike::kernels {

// How a block's tiles come by their weights, which each block needs once.
enum class WinogradWeights {
  kNear,  // in the second cache level
  kFar,   // from afar
  kMade,  // made anew
};

inline WinogradWeights packed_weights(int64_t floats) {
  return floats > kNearFloats ? WinogradWeights::kFar : WinogradWeights::kNear;
}

// Blocks of at most `block` tiles. Near weights: every thread should get two or more of them,
// smaller ones as far as they are efficient, or else about four units of work, by parts of the
// panels. With others blocks stay whole, but for those that are made where there are not as many
// panels as threads.
class WinogradUnits {
 public:
  WinogradUnits(int64_t tiles, int64_t block, int64_t panels, WinogradWeights weights, int threads)
      : tiles_(tiles),
        panels_(panels),
        wanted_(threads > 1 ? 2 * threads : 1),
        enough_(weights == WinogradWeights::kMade ? threads : wanted_) {
    constexpr int64_t kLeastTiles = 8, kLeastMadeTiles = 12;
    const int64_t whole = divide_up(tiles, block);
    blocks_ = whole;
    if (weights == WinogradWeights::kNear)
      blocks_ = std::max(whole, std::min(wanted_, divide_up(tiles, std::min(block, kLeastTiles))));
    if (weights == WinogradWeights::kMade)
      blocks_ =
          std::max(whole, std::min(divide_up(threads, panels), divide_up(tiles, kLeastMadeTiles)));
    // As many for each thread: of 13 one of two would have an eighth more than its half.
    if (blocks_ >= enough_ && weights != WinogradWeights::kFar)
      blocks_ = std::min(tiles, round_up(blocks_, threads));
  }

  struct Unit {
    int64_t first, last;  // tiles [first, last)
    int64_t begin, end;   // panels [begin, end)
    int64_t tiles() const { return last - first; }
  };
  int64_t blocks() const { return blocks_; }
  int64_t most_tiles() const { return divide_up(tiles_, blocks_); }  // of a block
  // Of each of so many blocks that are computed at a time.
  int64_t parts(int64_t blocks) const {
    return blocks >= enough_ ? 1 : std::min(divide_up(2 * wanted_, blocks), panels_);
  }
  Unit unit(int64_t block, int64_t part, int64_t parts) const {
    return {tiles_ * block / blocks_, tiles_ * (block + 1) / blocks_, panels_ * part / parts,
            panels_ * (part + 1) / parts};
  }
  Unit whole(int64_t block) const { return unit(block, 0, 1); }

 private:
  int64_t tiles_, panels_;
  int64_t wanted_;  // units
  int64_t enough_;  // blocks: more are not divided
  int64_t blocks_;
};

// Computes all units. What is made of a block's inputs lies in the scratch of one worker, whose
// number is called `place`: of the worker itself, or, where several take parts of a block, of any,
// so that it is made once. Work has
//   void transform(int place, const Unit&, int64_t t): the input of the unit's tile t
//   int64_t starts(): how many more things there are to be made of all of a block's tiles
//   void start(int place, const Unit&, int64_t i): one of them
//   void compute(int place, int worker, const Unit&): outputs of the unit's panels
struct WinogradWithoutStarts {  // a base of work that has nothing more to make
  int64_t starts() const { return 0; }
  void start(int, const WinogradUnits::Unit&, int64_t) const {}
};

// What is made of a block's inputs, by one worker for itself.
template <typename Work>
void make_input(const Work& work, int worker, const WinogradUnits::Unit& block) {
  for (int64_t t = 0; t < block.tiles(); ++t) work.transform(worker, block, t);
  for (int64_t i = 0; i < work.starts(); ++i) work.start(worker, block, i);
}

template <typename Work>
void compute_units(const WinogradUnits& units, ThreadPool& pool, const Work& work) {
  if (units.parts(units.blocks()) == 1) {
    pool.parallel_for(units.blocks(), [&](int64_t block, int worker) {
      const WinogradUnits::Unit unit = units.whole(block);
      make_input(work, worker, unit);
      work.compute(worker, worker, unit);
    });
    return;
  }
  // As many blocks at a time as there are places.
  const int64_t most = units.most_tiles(), starts = work.starts();
  for (int64_t first = 0; first < units.blocks(); first += pool.threads()) {
    const int64_t count = std::min<int64_t>(pool.threads(), units.blocks() - first);
    const int64_t parts = units.parts(count);
    pool.parallel_for(count * most, [&](int64_t i, int) {
      const WinogradUnits::Unit unit = units.whole(first + i / most);
      if (i % most < unit.tiles()) work.transform(static_cast<int>(i / most), unit, i % most);
    });
    pool.parallel_for(count * starts, [&](int64_t i, int) {
      work.start(static_cast<int>(i / starts), units.whole(first + i / starts), i % starts);
    });
    pool.parallel_for(count * parts, [&](int64_t i, int worker) {
      const int64_t place = i / parts;
      work.compute(static_cast<int>(place), worker, units.unit(first + place, i % parts, parts));
    });
  }
}

// Likewise of one block, for whose input there is no place but each worker's own: what one core has
// written reaches the others as slowly as they make it, where these are few.
template <typename Work>
void compute_block_apart(const WinogradUnits& units, ThreadPool& pool, const Work& work) {
  pool.parallel_for(pool.threads(), [&](int64_t part, int worker) {
    make_input(work, worker, units.whole(0));
    work.compute(worker, worker, units.unit(0, part, pool.threads()));
  });
}

}  // namespace shrike::kernels
