target_link_libraries(culprit_model PRIVATE zstd)
# The test compares the pages in docs/schema with the schema.
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/model/schema_test.cc PROPERTIES
  COMPILE_DEFINITIONS CULPRIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
