#include <elf.h>

#include <cstring>

#include "capture/kernel/uprobe.h"

namespace culprit::capture {
namespace {

constexpr size_t kSectionLimit = 1024, kSegmentLimit = 256;

// Returns a part of the file; empty if the part does not lie completely within the file.
std::string_view part(std::string_view file, uint64_t offset, uint64_t size_bytes) {
  if (offset > file.size() || size_bytes > file.size() - offset) return {};
  return file.substr(offset, size_bytes);
}

// Returns a copy of the table's `index`-th entry: tables in foreign files may be unaligned. Beyond the end: zeros.
template <class Entry>
Entry entry(std::string_view table, uint64_t index) {
  Entry copy{};
  if (index < table.size() / sizeof(Entry)) std::memcpy(&copy, table.data() + index * sizeof(Entry), sizeof(Entry));
  return copy;
}

bool is_name(std::string_view strings, uint32_t at, std::string_view name) {
  if (at >= strings.size() || strings.size() - at <= name.size()) return false;
  return strings.substr(at, name.size()) == name && strings[at + name.size()] == '\0';
}

// Returns the address of a function or variable in one symbol table; 0 if the table does not define it.
uint64_t find_symbol(std::string_view symbols, std::string_view strings, std::string_view name, unsigned char type) {
  for (size_t i = 0; i < symbols.size() / sizeof(Elf64_Sym); ++i) {
    auto symbol = entry<Elf64_Sym>(symbols, i);
    if (ELF64_ST_TYPE(symbol.st_info) != type || symbol.st_shndx == SHN_UNDEF) continue;
    if (is_name(strings, symbol.st_name, name)) return symbol.st_value;
  }
  return 0;
}

// Returns the position in the file of the segment that is loaded to `address`.
std::optional<uint64_t> offset_of(std::string_view segments, uint64_t address) {
  for (size_t i = 0; i < segments.size() / sizeof(Elf64_Phdr) && i < kSegmentLimit; ++i) {
    auto segment = entry<Elf64_Phdr>(segments, i);
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
    uint64_t offset = address - segment.p_vaddr + segment.p_offset;
    if (offset < segment.p_offset) return std::nullopt;
    return offset;
  }
  return std::nullopt;
}

struct Tables {
  std::string_view sections, segments;
};

std::optional<Tables> tables_of(std::string_view file) {
  auto header = entry<Elf64_Ehdr>(file.substr(0, sizeof(Elf64_Ehdr)), 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    return std::nullopt;
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_phentsize != sizeof(Elf64_Phdr)) return std::nullopt;
  return Tables{part(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)),
                part(file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr))};
}

// Returns the address of an exported symbol; 0: not exported.
uint64_t exported(std::string_view file, std::string_view sections, std::string_view name, unsigned char type) {
  for (size_t i = 0; i < sections.size() / sizeof(Elf64_Shdr) && i < kSectionLimit; ++i) {
    auto section = entry<Elf64_Shdr>(sections, i);
    // Only exported symbols are read: the table of local symbols may have gigabytes, and reading it would delay the
    // recorder.
    if (section.sh_type != SHT_DYNSYM) continue;
    auto names = entry<Elf64_Shdr>(sections, section.sh_link);
    uint64_t address = find_symbol(part(file, section.sh_offset, section.sh_size),
                                   part(file, names.sh_offset, names.sh_size), name, type);
    if (address != 0) return address;
  }
  return 0;
}

}  // namespace

std::optional<uint64_t> function_offset(std::string_view file, std::string_view function) {
  auto tables = tables_of(file);
  if (!tables) return std::nullopt;
  uint64_t address = exported(file, tables->sections, function, STT_FUNC);
  auto offset = address == 0 ? std::nullopt : offset_of(tables->segments, address);
  return offset && *offset < file.size() ? offset : std::nullopt;
}

ElfVariable exported_variable(std::string_view file, std::string_view variable) {
  auto tables = tables_of(file);
  if (!tables) return {};
  const uint64_t address = exported(file, tables->sections, variable, STT_OBJECT);
  if (address == 0) return {};
  for (size_t i = 0; i < tables->segments.size() / sizeof(Elf64_Phdr) && i < kSegmentLimit; ++i) {
    auto segment = entry<Elf64_Phdr>(tables->segments, i);
    if (segment.p_type == PT_LOAD && segment.p_offset == 0) return {address, segment.p_vaddr};
  }
  return {};
}

}  // namespace culprit::capture
