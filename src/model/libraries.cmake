target_link_libraries(culprit_model PRIVATE zstd)
# The pages in docs/schema are held against the schema they are made from.
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/model/schema_test.cc PROPERTIES
  COMPILE_DEFINITIONS CULPRIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
