# libpq speaks to PostgreSQL; simdjson reads the plans it answers with.
find_library(PQ_LIBRARY pq REQUIRED)
find_path(PQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
find_library(SIMDJSON_LIBRARY simdjson REQUIRED)
target_include_directories(culprit_ask PRIVATE ${PQ_INCLUDE})
target_link_libraries(culprit_ask PRIVATE ${PQ_LIBRARY} ${SIMDJSON_LIBRARY})
