#include "kernels/testing/avx_vnni.h"

#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace shrike::kernels::testing {

namespace {

constexpr int kLanes = 8;  // int32s of a register
using Register = int32_t[kLanes];

std::atomic<int64_t> done = 0;

// The parts of VEX.256.66.0F38.W0 50 /r and 52 /r (Intel's manual, volume 2, "Instruction format").
struct Instruction {
  bool bytes = false;  // vpdpbusd, else vpdpwssd
  int target = 0, first = 0;
  int second = 0;  // a register; -1: at `address`
  const std::byte* address = nullptr;
  int64_t length = 0;
};

int64_t general(const ucontext_t& context, int number) {
  constexpr int kPlaces[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                             REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                             REG_R12, REG_R13, REG_R14, REG_R15};
  return context.uc_mcontext.gregs[kPlaces[number]];
}

int64_t displacement(const uint8_t* at, int64_t size) {
  if (size == 1) return static_cast<int8_t>(*at);
  int32_t wide = 0;
  if (size == 4) std::memcpy(&wide, at, 4);
  return wide;
}

// What ModRM at code[4] and what follows it say of the second operand.
void decode_operand(const uint8_t* code, const ucontext_t& context, Instruction& found) {
  const bool x = !(code[1] & 0x40), b = !(code[1] & 0x20);
  const int mode = code[4] >> 6, low = code[4] & 7;
  found.length = 5;
  found.second = mode == 3 ? low + 8 * b : -1;
  if (mode == 3) return;
  int64_t size = mode == 1 ? 1 : mode == 2 ? 4 : 0, address = 0;
  bool relative = false;
  if (low == 4) {
    const uint8_t sib = code[found.length++];
    const int index = (sib >> 3 & 7) + 8 * x, base = sib & 7;
    if (index != 4) address += general(context, index) * (int64_t{1} << (sib >> 6));
    if (base == 5 && mode == 0) {
      size = 4;
    } else {
      address += general(context, base + 8 * b);
    }
  } else if (low == 5 && mode == 0) {
    size = 4;
    relative = true;
  } else {
    address += general(context, low + 8 * b);
  }
  address += displacement(code + found.length, size);
  found.length += size;
  if (relative) address += reinterpret_cast<int64_t>(code) + found.length;
  found.address = reinterpret_cast<const std::byte*>(address);
}

bool decode(const uint8_t* code, const ucontext_t& context, Instruction& found) {
  const bool opcode = code[3] == 0x50 || code[3] == 0x52;
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x87) != 0x05 || !opcode) return false;
  found.bytes = code[3] == 0x50;
  found.target = (code[4] >> 3 & 7) + 8 * !(code[1] & 0x80);
  found.first = ~code[2] >> 3 & 15;
  decode_operand(code, context, found);
  return true;
}

// The halves of a register where XSAVE's standard format has them; the upper ones' offset is that
// of every processor (CPUID's leaf 0xD says so for AVX). `used`: which parts are not all zero.
struct Halves {
  Halves(ucontext_t& context, int number)
      : all(reinterpret_cast<std::byte*>(context.uc_mcontext.fpregs)),
        low(reinterpret_cast<std::byte*>(context.uc_mcontext.fpregs->_xmm) + 16 * number),
        high(all + 576 + 16 * number) {}

  void read(Register values) const {
    std::memcpy(values, low, 16);
    std::memcpy(values + 4, high, 16);
  }
  void write(const Register values) const {
    std::memcpy(low, values, 16);
    std::memcpy(high, values + 4, 16);
    uint64_t used = 0;
    std::memcpy(&used, all + 512, sizeof used);
    used |= 4;
    std::memcpy(all + 512, &used, sizeof used);
  }

  std::byte *all, *low, *high;
};

int32_t sum(bool bytes, int32_t before, uint32_t a, uint32_t b) {
  auto wrapped = static_cast<uint32_t>(before);
  for (int i = 0; i < (bytes ? 4 : 2); ++i) {
    const int shift = (bytes ? 8 : 16) * i;
    const int32_t product =
        bytes ? static_cast<uint8_t>(a >> shift) * static_cast<int8_t>(b >> shift)
              : static_cast<int16_t>(a >> shift) * static_cast<int16_t>(b >> shift);
    wrapped += static_cast<uint32_t>(product);
  }
  return static_cast<int32_t>(wrapped);
}

void on_illegal(int, siginfo_t*, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  Instruction found;
  const auto* code = reinterpret_cast<const uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
  if (!decode(code, context, found)) {
    ::signal(SIGILL, SIG_DFL);  // it comes again, and ends the process
    return;
  }
  Register sums, first, second;
  Halves(context, found.target).read(sums);
  Halves(context, found.first).read(first);
  if (found.address) {
    std::memcpy(second, found.address, sizeof second);
  } else {
    Halves(context, found.second).read(second);
  }
  for (int i = 0; i < kLanes; ++i)
    sums[i] = sum(found.bytes, sums[i], static_cast<uint32_t>(first[i]),
                  static_cast<uint32_t>(second[i]));
  Halves(context, found.target).write(sums);
  context.uc_mcontext.gregs[REG_RIP] += found.length;
  ++done;
}

}  // namespace

int64_t emulate_avx_vnni() {
  struct sigaction action = {};
  action.sa_sigaction = on_illegal;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGILL, &action, nullptr) != 0) std::abort();
  return done;
}

}  // namespace shrike::kernels::testing
