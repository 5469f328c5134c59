# DuckDB is loaded at the first query and never linked, so that a recorder stays small. The build needs only its header.
set(CULPRIT_DUCKDB_DIR "$ENV{HOME}/.cache/culprit/duckdb-1.5.6" CACHE PATH "directory with duckdb.h and libduckdb.so, 1.4 to 2.0")
target_include_directories(culprit_store PRIVATE ${CULPRIT_DUCKDB_DIR})
target_compile_definitions(culprit_store PRIVATE CULPRIT_DUCKDB_DIR="${CULPRIT_DUCKDB_DIR}")
target_link_libraries(culprit_store PRIVATE seccomp ${CMAKE_DL_LIBS})
# The test reads recordings of earlier versions from the source directory.
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/store/local/old_recordings_test.cc PROPERTIES
  COMPILE_DEFINITIONS CULPRIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
# The library also lies beside the program (a hard link), for users who cannot read the cache of the user who built it.
if(EXISTS ${CULPRIT_DUCKDB_DIR}/libduckdb.so)
  file(CREATE_LINK ${CULPRIT_DUCKDB_DIR}/libduckdb.so ${CMAKE_BINARY_DIR}/libduckdb.so COPY_ON_ERROR)
endif()
