# Fails when an object file of one instruction set (NAME_avx2.cpp and so on) defines a weak symbol:
# an inline function or template instance the linker could take for the whole program, which would
# then not run on processors without that instruction set. Data (types V and u) is harmless.
#   cmake -DNM=nm -DARCHIVE=libshrike_kernels.a -P check_instruction_sets.cmake
execute_process(COMMAND ${NM} ${ARCHIVE} OUTPUT_VARIABLE symbols RESULT_VARIABLE status
                ERROR_QUIET)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${NM} ${ARCHIVE} failed")
endif()
string(REGEX REPLACE "[][;]" "_" symbols "${symbols}")
string(REPLACE "\n" ";" lines "${symbols}")
set(object "")
set(checked 0)
foreach(line IN LISTS lines)
  if(line MATCHES "^(.*\\.o):$")
    set(object "${CMAKE_MATCH_1}")
    if(object MATCHES "_avx[0-9a-z]*\\.cpp\\.o$")
      math(EXPR checked "${checked} + 1")
    endif()
  elseif(object MATCHES "_avx[0-9a-z]*\\.cpp\\.o$" AND line MATCHES " W ")
    message(SEND_ERROR "${object}: weak symbol ${line}")
  endif()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no object file of an instruction set in ${ARCHIVE}")
endif()
message(STATUS "${checked} object files checked")
