#include "vision/cairo_surface.h"

#include <sys/mman.h>

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
// Fontconfig, which Cairo finds fonts with, keeps a few hundred bytes of its configuration for good
// and hides the pointers. Once a process, whatever is drawn.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so"; }
#endif

namespace shrike {

namespace {

uint32_t* surface_row(cairo_surface_t* surface, int y) {
  unsigned char* data = cairo_image_surface_get_data(surface);
  return reinterpret_cast<uint32_t*>(data + static_cast<ptrdiff_t>(y) *
                                                cairo_image_surface_get_stride(surface));
}

// CAIRO_FORMAT_RGB24 holds 0x00RRGGBB in the machine's byte order.
void copy_in(const Image& picture, cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  for (int y = 0; y < picture.height(); ++y) {
    uint32_t* out = surface_row(surface, y);
    const uint8_t* in = picture.row(y);
    for (int x = 0; x < picture.width(); ++x, in += kImageChannels)
      out[x] = uint32_t{in[0]} << 16 | uint32_t{in[1]} << 8 | in[2];
  }
  cairo_surface_mark_dirty(surface);
}

// Fontconfig, which reads its configuration when a process first draws text, dereferences what malloc
// did not give it. It takes 1 to 2 MB, and maps files of fonts.
bool room_for_fonts() {
  constexpr size_t kBytes = size_t{8} << 20;
  void* probe = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return probe != MAP_FAILED && ::munmap(probe, kBytes) == 0;
}

}  // namespace

Error cairo_error(cairo_status_t status) {
  return runtime_error(std::string("drawing failed: ") + cairo_status_to_string(status));
}

Result<CairoSurface> CairoSurface::create(int width, int height) {
  assert(width >= 1 && height >= 1 && std::max(width, height) <= kMostSurfaceSide);
  CairoSurface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height), width,
                       height);
  const auto status = cairo_surface_status(surface.surface_.get());
  if (status != CAIRO_STATUS_SUCCESS) return cairo_error(status);
  if (!room_for_fonts()) return cairo_error(CAIRO_STATUS_NO_MEMORY);
  return surface;
}

Result<CairoSurface> CairoSurface::create(const Image& picture) {
  if (std::max(picture.width(), picture.height()) > kMostSurfaceSide)
    return input_error("drawing failed: a side of the picture is over " +
                       std::to_string(kMostSurfaceSide) + " pixels");
  SHRIKE_ASSIGN(CairoSurface surface, create(picture.width(), picture.height()));
  copy_in(picture, surface.surface_.get());
  return surface;
}

Image CairoSurface::to_image() const {
  cairo_surface_flush(surface_.get());
  Image picture(width_, height_);
  for (int y = 0; y < height_; ++y) {
    const uint32_t* in = surface_row(surface_.get(), y);
    uint8_t* out = picture.row(y);
    for (int x = 0; x < width_; ++x, out += kImageChannels) {
      out[0] = static_cast<uint8_t>(in[x] >> 16);
      out[1] = static_cast<uint8_t>(in[x] >> 8);
      out[2] = static_cast<uint8_t>(in[x]);
    }
  }
  return picture;
}

}  // namespace shrike
