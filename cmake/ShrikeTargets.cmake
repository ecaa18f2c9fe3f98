# How every folder of src/ becomes a target. The `DEPENDS` of a folder are the only folders it may
# include from: shrike_base has none, and tests/layering checks the includes against them.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
if(SHRIKE_TRAIN)
  include(ShrikeTorch)  # sets TORCH_LIBRARIES
endif()
if(SHRIKE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  set(SHRIKE_TEST_ENVIRONMENT SHRIKE_VERIFY=1)  # passes/pass.h
endif()

add_library(shrike_options INTERFACE)
target_compile_options(shrike_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion -ffp-contract=off
                       # GCC 12 warns of impossible copies inside std::string (GCC bug 105651).
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_include_directories(shrike_options INTERFACE ${CMAKE_SOURCE_DIR}/src
                           ${CMAKE_SOURCE_DIR}/include)
target_include_directories(shrike_options SYSTEM INTERFACE)
if(SHRIKE_SANITIZE)
  target_compile_options(shrike_options INTERFACE -fsanitize=address,undefined
                         -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(shrike_options INTERFACE -fsanitize=address,undefined)
endif()

if(SHRIKE_FUZZ)
  # Casts of reals that no integer holds, too: GCC leaves them out of its `undefined`.
  target_compile_options(shrike_options INTERFACE
                         -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
                         -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(shrike_options INTERFACE -fsanitize=address,undefined)
endif()

# shrike_folder(NAME SOURCES ... [DEPENDS folder...] [LINKS library...])
function(shrike_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINKS" ${ARGN})
  add_library(shrike_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND shrike_)
  target_link_libraries(shrike_${name} PUBLIC shrike_options ${ARG_DEPENDS} PRIVATE ${ARG_LINKS})
endfunction()

# shrike_test(FOLDER file_test.cpp...): one test program per folder.
function(shrike_test name)
  if(NOT SHRIKE_TESTS)
    return()
  endif()
  add_executable(${name}_test ${ARGN})
  target_link_libraries(${name}_test PRIVATE shrike_${name} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${SHRIKE_TEST_ENVIRONMENT}")
endfunction()
