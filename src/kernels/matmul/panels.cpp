#include "kernels/matmul/panels.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kChunkTiles = 8;  // tiles of rows in one unit of work

// Byte offsets of what lies in the scratch buffer.
struct Layout {
  Layout(const TileKernel& tile, const MatmulProblem& p)
      : blocks(divide_up(p.n, tile.columns)),
        panel(p.k * tile.columns),
        chunk_rows(std::min(kChunkTiles * tile.rows, divide_up(p.m, tile.rows) * tile.rows)),
        biases(bytes(p.batch * blocks * panel)),
        workers(biases + bytes(blocks * tile.columns)),
        sums(bytes(chunk_rows * p.k)),
        per_worker(sums + bytes(tile.rows * tile.columns)) {}

  static size_t bytes(int64_t floats) {
    return align_up(static_cast<size_t>(floats) * sizeof(float));
  }

  int64_t blocks;      // of columns
  int64_t panel;       // floats of one
  int64_t chunk_rows;  // rows of a in one unit of work
  size_t biases;
  size_t workers;
  size_t sums;  // within a worker's part, behind the copied rows of a
  size_t per_worker;
};

class PanelsRun {
 public:
  PanelsRun(const MatmulParts& parts, const MatmulProblem& problem, const MatmulOperands& operands,
            std::byte* scratch)
      : parts_(parts),
        tile_(parts.tile),
        p_(problem),
        o_(operands),
        layout_(tile_, problem),
        scratch_(scratch),
        finish_(tile_.finish(problem.activation.kind)) {}

  const Layout& layout() const { return layout_; }
  int64_t own_batches() const { return o_.b.batch_stride == 0 ? 1 : p_.batch; }

  // With the biases of its columns.
  void pack_panel(int64_t batch, int64_t block) const;
  // Rows [first, last) of one batch, blocks [begin, end).
  void compute(int64_t batch, int64_t first, int64_t last, int64_t begin, int64_t end,
               int worker) const;

 private:
  float* floats(size_t offset) const { return reinterpret_cast<float*>(scratch_ + offset); }
  float* panel(int64_t batch, int64_t block) const {
    const int64_t own = o_.b.batch_stride == 0 ? 0 : batch;
    return floats(0) + (own * layout_.blocks + block) * layout_.panel;
  }
  const float* copy_rows(const float* a, int64_t rows, float* target) const;

  const MatmulParts& parts_;
  const TileKernel& tile_;
  const MatmulProblem& p_;
  const MatmulOperands& o_;
  const Layout layout_;
  std::byte* scratch_;
  const TileFinishFunction finish_;
};

void PanelsRun::pack_panel(int64_t batch, int64_t block) const {
  const int64_t first = block * tile_.columns;
  const int64_t count = std::min<int64_t>(tile_.columns, p_.n - first);
  const float* from = o_.b.data + batch * o_.b.batch_stride + first * o_.b.col_stride;
  float* to = panel(batch, block);
  if (count < tile_.columns) std::fill_n(to, layout_.panel, 0.0f);
  if (o_.b.row_stride == 1 && o_.b.col_stride != 1) {
    parts_.transpose({count, p_.k, o_.b.col_stride, tile_.columns}, from, to);
  } else {
    for (int64_t k = 0; k < p_.k; ++k)
      for (int64_t j = 0; j < count; ++j)
        to[k * tile_.columns + j] = from[k * o_.b.row_stride + j * o_.b.col_stride];
  }
  if (p_.alpha != 1)
    for (int64_t i = 0; i < layout_.panel; ++i) to[i] *= p_.alpha;
  if (batch > 0) return;
  float* biases = floats(layout_.biases) + first;
  std::fill_n(biases, tile_.columns, 0.0f);
  if (o_.bias) std::copy_n(o_.bias + first, count, biases);
}

// Rows of a with adjacent elements, as a matrix of row stride k.
const float* PanelsRun::copy_rows(const float* a, int64_t rows, float* target) const {
  if (o_.a.row_stride == 1) {
    parts_.transpose({p_.k, rows, o_.a.col_stride, p_.k}, a, target);
  } else {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < p_.k; ++k)
        target[i * p_.k + k] = a[i * o_.a.row_stride + k * o_.a.col_stride];
  }
  return target;
}

void PanelsRun::compute(int64_t batch, int64_t first, int64_t last, int64_t begin, int64_t end,
                        int worker) const {
  const size_t mine = layout_.workers + static_cast<size_t>(worker) * layout_.per_worker;
  float* sums = floats(mine + layout_.sums);
  const float* a = o_.a.data + batch * o_.a.batch_stride + first * o_.a.row_stride;
  int64_t stride = o_.a.row_stride;
  if (o_.a.col_stride != 1 && p_.k > 1) {
    a = copy_rows(a, last - first, floats(mine));
    stride = p_.k;
  }
  float* c = o_.c + batch * o_.c_batch_stride + first * o_.c_row_stride;
  for (int64_t block = begin; block < end; ++block) {
    const int64_t column = block * tile_.columns;
    const int64_t count = std::min<int64_t>(tile_.columns, p_.n - column);
    for (int64_t row = 0; row < last - first; row += tile_.rows) {
      const int rows = static_cast<int>(std::min<int64_t>(tile_.rows, last - first - row));
      const float* pointers[kMaxTileRows];
      float* outputs[kMaxTileRows];
      for (int r = 0; r < rows; ++r) {
        pointers[r] = a + (row + r) * stride;
        outputs[r] = c + (row + r) * o_.c_row_stride;
      }
      tile_.sums[rows](
          {pointers, 1, p_.k, panel(batch, block), floats(layout_.biases) + column, sums, count});
      finish_({sums, rows, column, count, outputs, nullptr, p_.activation, Residual::kNone});
    }
  }
}

}  // namespace

size_t panels_scratch_bytes(const MatmulParts& parts, const MatmulProblem& problem, int threads) {
  const Layout layout(parts.tile, problem);
  return layout.workers + static_cast<size_t>(threads) * layout.per_worker;
}

void panels_run(const MatmulParts& parts, const MatmulProblem& problem,
                const MatmulOperands& operands, ThreadPool& pool, std::span<std::byte> scratch) {
  assert(scratch.size() >= panels_scratch_bytes(parts, problem, pool.threads()));
  if (problem.batch == 0 || problem.m == 0 || problem.n == 0) return;
  const PanelsRun run(parts, problem, operands, scratch.data());
  const Layout& layout = run.layout();
  pool.parallel_for(run.own_batches() * layout.blocks, [&](int64_t unit, int) {
    run.pack_panel(unit / layout.blocks, unit % layout.blocks);
  });
  const int64_t chunks = divide_up(problem.m, layout.chunk_rows);
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t shares =
      std::clamp<int64_t>(divide_up(wanted, problem.batch * chunks), 1, layout.blocks);
  pool.parallel_for(problem.batch * chunks * shares, [&](int64_t unit, int worker) {
    const int64_t share = unit % shares, chunk = unit / shares % chunks;
    run.compute(unit / shares / chunks, chunk * layout.chunk_rows,
                std::min(problem.m, (chunk + 1) * layout.chunk_rows),
                layout.blocks * share / shares, layout.blocks * (share + 1) / shares, worker);
  });
}

}  // namespace shrike::kernels
