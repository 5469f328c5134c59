# libpq speaks to PostgreSQL, in a process that seccomp confines; simdjson reads the plans it answers with.
find_library(PQ_LIBRARY pq REQUIRED)
find_path(PQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
# By pkg-config, as in ingest: its flags change simdjson's inline classes, which must be the same in the whole program.
find_package(PkgConfig REQUIRED)
pkg_check_modules(ASK_LIBRARIES REQUIRED IMPORTED_TARGET simdjson)
target_include_directories(culprit_ask PRIVATE ${PQ_INCLUDE})
target_link_libraries(culprit_ask PRIVATE ${PQ_LIBRARY} seccomp PkgConfig::ASK_LIBRARIES)
