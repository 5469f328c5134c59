# The BPF programs: C → BPF object → without DWARF (BTF stays) → a header that holds it (skeleton). libbpf is linked
# statically: the recorder runs where no libbpf is installed.
set(bpf_dir ${CMAKE_CURRENT_LIST_DIR}/bpf)
set(bpf_out ${CMAKE_CURRENT_BINARY_DIR}/capture_bpf)
file(GLOB bpf_sources CONFIGURE_DEPENDS ${bpf_dir}/*.h ${bpf_dir}/*.c ${CMAKE_CURRENT_LIST_DIR}/wire/*.h ${CMAKE_CURRENT_LIST_DIR}/wire/*.inc)

find_program(BPF_CLANG NAMES clang-16 clang-17 clang-18 clang-19 clang REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip-16 llvm-strip-17 llvm-strip-18 llvm-strip-19 llvm-strip REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# -isystem of the multiarch folder: linux/types.h wants asm/types.h, which -target bpf does not find by itself.
add_custom_command(
  OUTPUT ${bpf_out}/recorder.skel.h
  COMMAND ${CMAKE_COMMAND} -E make_directory ${bpf_out}
  COMMAND ${BPF_CLANG} -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I ${PROJECT_SOURCE_DIR}/src
          -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${bpf_dir}/recorder.bpf.c -o ${bpf_out}/recorder.bpf.o
  COMMAND ${BPF_STRIP} -g ${bpf_out}/recorder.bpf.o
  COMMAND ${BPFTOOL} gen skeleton ${bpf_out}/recorder.bpf.o name recorder_bpf > ${bpf_out}/recorder.skel.h
  DEPENDS ${bpf_sources}
  VERBATIM)
add_custom_target(capture_skeleton DEPENDS ${bpf_out}/recorder.skel.h)
add_dependencies(culprit_capture capture_skeleton)
target_include_directories(culprit_capture PRIVATE ${bpf_out})

find_library(LIBBPF NAMES libbpf.a REQUIRED)
find_library(LIBELF NAMES libelf.a elf REQUIRED)
find_library(LIBZ NAMES libz.a z REQUIRED)
target_link_libraries(culprit_capture PRIVATE ${LIBBPF} ${LIBELF} ${LIBZ} Threads::Threads)
