#include "base/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace shrike {

namespace {

size_t aligned(size_t size) { return (size + 3) & ~size_t{3}; }

// The id among the notes of a segment; empty when it is not there.
std::string id_in_notes(const char* notes, size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof note);
    const size_t name = sizeof note, bytes = name + aligned(note.n_namesz);
    const size_t next = bytes + aligned(note.n_descsz);
    if (next > size) return {};
    const bool gnu = std::string_view(notes + name, note.n_namesz) == std::string_view("GNU", 4);
    if (gnu && note.n_type == NT_GNU_BUILD_ID) {
      std::string id;
      for (size_t i = 0; i < note.n_descsz; ++i) {
        const auto byte = static_cast<uint8_t>(notes[bytes + i]);
        id += "0123456789abcdef"[byte >> 4];
        id += "0123456789abcdef"[byte & 15];
      }
      return id;
    }
    notes += next;
    size -= next;
  }
  return {};
}

bool holds(const dl_phdr_info& object, uintptr_t address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= begin && address < begin + segment.p_memsz)
      return true;
  }
  return false;
}

int find_id(dl_phdr_info* object, size_t, void* found) {
  if (!holds(*object, reinterpret_cast<uintptr_t>(&build_id))) return 0;
  auto& id = *static_cast<std::string*>(found);
  for (int i = 0; i < object->dlpi_phnum && id.empty(); ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE)
      id = id_in_notes(reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr),
                       segment.p_memsz);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(find_id, &id);
  return id;
}

}  // namespace shrike
