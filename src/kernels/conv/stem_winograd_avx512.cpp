#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/stem_columns_avx512.h"
#include "kernels/conv/stem_winograd_form.h"

namespace shrike::kernels {

constinit const StemWinograd kStemWinogradAvx512 = {
    kLanes,      kRowTiles* kStemTile, sum_of_squares,      take_apart, transform_picture,
    begin_tiles, stem_tiles_of,        pooled_stem_tiles_of};

}  // namespace shrike::kernels
