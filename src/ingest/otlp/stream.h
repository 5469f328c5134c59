// OTLP files that are not text. Two forms: a single protobuf message, or messages behind a 4-byte big-endian length
// each, the format of the Collector's file exporter. These messages are protobuf or JSON, and may be compressed one by
// one.
#pragma once

#include "ingest/interface/format.h"

namespace culprit::otlp {

bool is_proto(std::string_view front);
bool is_proto_messages(std::string_view front);
bool is_json_messages(std::string_view front);
Result<void> decode_proto_file(Framing& framing, Intake& intake);
Result<void> decode_messages(Framing& framing, Intake& intake);

inline constexpr StreamFormat kJsonMessages{"otlp-json", is_json_messages, decode_messages};
inline constexpr StreamFormat kProtoMessages{"otlp", is_proto_messages, decode_messages};
inline constexpr StreamFormat kProto{"otlp", is_proto, decode_proto_file};

}  // namespace culprit::otlp
