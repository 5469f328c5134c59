# XXH3 computes the keys of the cache of normalised statements.
find_library(XXHASH_LIBRARY xxhash REQUIRED)
target_link_libraries(culprit_statement PRIVATE ${XXHASH_LIBRARY})
