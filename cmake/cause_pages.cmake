# Makes docs/causes a part of the program, for `culprit help CLASS`: ${CMAKE_BINARY_DIR}/cause_pages.cc.
function(culprit_cause_pages)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/causes/*.md)
  foreach(page ${pages})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
    get_filename_component(name ${page} NAME_WE)
    string(REPLACE "README" "causes" name ${name})
    file(READ ${page} text)
    string(APPEND rows "    {\"${name}\", R\"page(${text})page\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/cause_pages.cc @ONLY CONTENT [=[
// Made by cmake/cause_pages.cmake from docs/causes.
#include "cli/cause_pages.h"

namespace culprit::cli {

namespace {

constexpr CausePage kPages[] = {
@rows@};

}  // namespace

std::span<const CausePage> cause_pages() { return kPages; }

}  // namespace culprit::cli
]=])
  target_sources(culprit_cli PRIVATE ${CMAKE_BINARY_DIR}/cause_pages.cc)
endfunction()
