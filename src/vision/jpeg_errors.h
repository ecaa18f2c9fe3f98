// What libjpeg calls when it can go on no longer. Private to the JPEG reader and writer.
//
// The callback must not return: it jumps to the setjmp of the method that is running. Between the
// two lie only frames of libjpeg, and the method holds no object with a destructor.
#pragma once

#include <cstdio>  // jpeglib.h needs it and does not say so

#include <jpeglib.h>

#include <csetjmp>

namespace shrike {

struct JpegErrorTrap {
  jpeg_error_mgr manager;  // first: libjpeg hands out its address
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
  bool reached_end;  // of reading: the file ended before its end marker
};

inline JpegErrorTrap& jpeg_trap_of(j_common_ptr info) {
  return *reinterpret_cast<JpegErrorTrap*>(info->err);
}

[[noreturn]] inline void on_jpeg_error(j_common_ptr info) {
  JpegErrorTrap& trap = jpeg_trap_of(info);
  trap.manager.format_message(info, trap.message);
  std::longjmp(trap.jump, 1);
}

}  // namespace shrike
