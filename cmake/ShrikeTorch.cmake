# LibTorch as the variable TORCH_LIBRARIES: Debian's, or, where Torch_DIR (of CMake or of the
# environment) names the folder share/cmake/Torch inside PyPI's package `torch`, the one that lies
# there (from 2.7 on, whose strings are the compiler's).
#
# PyPI's own TorchConfig.cmake is not used: where Debian's LibTorch is installed, too, it finds that
# one's libraries, and it wants a CUDA compiler, which nothing here needs.
if(NOT Torch_DIR AND DEFINED ENV{Torch_DIR})
  set(Torch_DIR "$ENV{Torch_DIR}")
endif()
cmake_path(SET torch_prefix NORMALIZE "${Torch_DIR}/../../..")
if(NOT Torch_DIR OR NOT EXISTS "${torch_prefix}/lib/libtorch_cpu.so")
  find_package(Torch REQUIRED)
  return()
endif()

set(TORCH_LIBRARIES shrike_torch)
add_library(shrike_torch INTERFACE IMPORTED)
target_include_directories(shrike_torch INTERFACE
  "${torch_prefix}/include" "${torch_prefix}/include/torch/csrc/api/include")
target_link_libraries(shrike_torch INTERFACE
  "${torch_prefix}/lib/libtorch_cpu.so" "${torch_prefix}/lib/libc10.so")
if(EXISTS "${torch_prefix}/lib/libtorch_cuda.so")
  # Nothing calls it by name: it makes itself known when it is loaded. What it needs itself (CUDA,
  # cuDNN) it finds beside itself, which the linker need not.
  target_link_libraries(shrike_torch INTERFACE
    -Wl,--no-as-needed "${torch_prefix}/lib/libtorch_cuda.so" "${torch_prefix}/lib/libc10_cuda.so"
    -Wl,--as-needed)
  target_link_options(shrike_torch INTERFACE -Wl,--allow-shlib-undefined)
endif()

# c10d's NCCL, whose headers want those of NCCL and CUDA: PyPI's packages have them, beside torch.
cmake_path(SET torch_nvidia NORMALIZE "${torch_prefix}/../nvidia")
file(GLOB torch_cuda "${torch_nvidia}/cu[0-9]*")
find_path(SHRIKE_NCCL_HEADERS nccl.h HINTS "${torch_nvidia}/nccl/include")
find_path(SHRIKE_CUDA_HEADERS cublas_v2.h HINTS ${torch_cuda} PATH_SUFFIXES include)
find_library(SHRIKE_CUDA_RUNTIME NAMES libcudart.so.13 libcudart.so.12 cudart HINTS ${torch_cuda}
             PATH_SUFFIXES lib)
if(EXISTS "${torch_prefix}/lib/libtorch_cuda.so" AND SHRIKE_NCCL_HEADERS AND SHRIKE_CUDA_RUNTIME
   AND EXISTS "${SHRIKE_CUDA_HEADERS}/cuda_runtime_api.h"
   AND EXISTS "${torch_prefix}/include/torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp")
  add_library(shrike_nccl INTERFACE IMPORTED)
  target_include_directories(shrike_nccl INTERFACE "${SHRIKE_NCCL_HEADERS}" "${SHRIKE_CUDA_HEADERS}")
  target_link_libraries(shrike_nccl INTERFACE "${SHRIKE_CUDA_RUNTIME}")
endif()
message(STATUS "LibTorch of ${torch_prefix}")
