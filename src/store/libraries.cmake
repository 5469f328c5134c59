# DuckDB is loaded when the first question is asked, never linked: a recorder stays small. Only its header is needed here.
set(CULPRIT_DUCKDB_DIR "$ENV{HOME}/.cache/culprit/duckdb-1.5.6" CACHE PATH "directory with duckdb.h and libduckdb.so, 1.4 to 2.0")
target_include_directories(culprit_store PRIVATE ${CULPRIT_DUCKDB_DIR})
target_compile_definitions(culprit_store PRIVATE CULPRIT_DUCKDB_DIR="${CULPRIT_DUCKDB_DIR}")
target_link_libraries(culprit_store PRIVATE seccomp ${CMAKE_DL_LIBS})
# The recordings of earlier versions that a test opens.
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/store/local/old_recordings_test.cc PROPERTIES
  COMPILE_DEFINITIONS CULPRIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
