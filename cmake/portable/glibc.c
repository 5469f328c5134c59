/* What the package's programs use of glibc 2.32 to 2.36, for those that run on glibc 2.31 (./dev package): of libstdc++ and libgcc of
 * GCC 12, and of our own. Linked into the package's programs only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 2.32. 0: other threads may be there, so that libstdc++ counts references atomically. */
char __libc_single_threaded = 0;

/* 2.34. */
int close_range(unsigned first, unsigned last, int flags) { return (int)syscall(SYS_close_range, first, last, flags); }

/* 2.36. */
uint32_t arc4random(void) {
  uint32_t number;
  if (getrandom(&number, sizeof number, 0) != sizeof number) abort();
  return number;
}

struct wanted {
  uintptr_t address;
  struct dl_find_object *result;
};

static int look_into(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  const struct wanted *wanted = context;
  const ElfW(Phdr) *holds = NULL, *frames = NULL;
  uintptr_t begin = UINTPTR_MAX, end = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr) *header = &object->dlpi_phdr[i];
    const uintptr_t from = object->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
    if (header->p_type == PT_GNU_EH_FRAME) frames = header;
    if (header->p_type != PT_LOAD) continue;
    if (from < begin) begin = from;
    if (to > end) end = to;
    if (wanted->address >= from && wanted->address < to) holds = header;
  }
  if (holds == NULL || frames == NULL) return 0;
  wanted->result->dlfo_flags = 0;
  wanted->result->dlfo_map_start = (void *)begin;
  wanted->result->dlfo_map_end = (void *)end;
  wanted->result->dlfo_link_map = NULL;
  wanted->result->dlfo_eh_frame = (void *)(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

/* 2.35. libgcc's unwinder asks nothing else. */
int _dl_find_object(void *address, struct dl_find_object *result) {
  struct wanted wanted = {(uintptr_t)address, result};
  return dl_iterate_phdr(look_into, &wanted) == 1 ? 0 : -1;
}
