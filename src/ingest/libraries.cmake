# simdjson for JSON; zlib and zstd for what comes compressed. Protobuf is read by our own cursor (otlp/proto_reader.h).
find_package(PkgConfig REQUIRED)
pkg_check_modules(INGEST_LIBRARIES REQUIRED IMPORTED_TARGET simdjson zlib libzstd)
target_link_libraries(culprit_ingest PRIVATE PkgConfig::INGEST_LIBRARIES)
