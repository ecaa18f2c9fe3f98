// A picture that Cairo draws on. For the .cpp files of this folder only: no other place knows
// Cairo.
#pragma once

#include <cairo.h>

#include <memory>

#include "base/result.h"
#include "vision/image.h"

namespace shrike {

inline constexpr int kMostSurfaceSide = 32767;  // pixels, of a Cairo image surface

struct CairoDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using CairoContext = std::unique_ptr<cairo_t, CairoDeleter>;

Error cairo_error(cairo_status_t status);

class CairoSurface {
 public:
  // Black. Errors: no memory (kRuntime). Requires sides of 1..kMostSurfaceSide.
  static Result<CairoSurface> create(int width, int height);
  // The picture copied. Errors: as above, and a side over kMostSurfaceSide (kInput).
  static Result<CairoSurface> create(const Image& picture);

  CairoContext context() const { return CairoContext(cairo_create(surface_.get())); }
  Image to_image() const;

 private:
  CairoSurface(cairo_surface_t* surface, int width, int height)
      : surface_(surface), width_(width), height_(height) {}

  std::unique_ptr<cairo_surface_t, CairoDeleter> surface_;
  int width_, height_;
};

}  // namespace shrike
