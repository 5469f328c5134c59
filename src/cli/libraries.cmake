target_compile_definitions(culprit_cli PRIVATE CULPRIT_VERSION="${PROJECT_VERSION}")

include(${PROJECT_SOURCE_DIR}/cmake/cause_pages.cmake)
culprit_cause_pages()

add_executable(culprit ${CMAKE_CURRENT_SOURCE_DIR}/cli/main.cc)
target_link_libraries(culprit PRIVATE culprit_cli)
set_target_properties(culprit PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# The recorder makes and frees small things for each request. With glibc's allocator an event costs it a quarter more CPU
# (bench/cost.py). Sanitizers bring their own.
if(NOT CULPRIT_SANITIZE)
  find_library(MIMALLOC mimalloc REQUIRED)
  target_link_libraries(culprit PRIVATE ${MIMALLOC})
  target_compile_definitions(culprit PRIVATE CULPRIT_MIMALLOC)
endif()
