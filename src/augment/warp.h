// A scene seen through its map, row by row.
#pragma once

#include "augment/composition.h"
#include "augment/pixel_kernels.h"

namespace shrike {

class SceneRows {
 public:
  // `to_output`: from the scene's canvas to the pixels of the rows. The scene must outlive this.
  SceneRows(const Scene& scene, const Matrix& to_output, uint8_t fill, const PixelKernels& kernels);

  // Pixels first..last-1 of row `y`, into out[0..last-first).
  void row(int y, int first, int last, PlaneRow out) const;

 private:
  void straight_row(int y, int first, int last, PlaneRow out) const;
  void projected_row(int y, int first, int last, PlaneRow out) const;

  const Scene& scene_;
  Matrix from_output_;
  uint8_t fill_;
  const PixelKernels& kernels_;
};

}  // namespace shrike
