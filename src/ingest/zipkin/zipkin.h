// Zipkin's JSON: spans of version 2 in the form of its API: a single span, an array of spans, or an array of traces.
//
//   {traceId, id, parentId, name, kind: CLIENT|SERVER|PRODUCER|CONSUMER, timestamp, duration,
//    localEndpoint: {serviceName, ipv4, port}, remoteEndpoint, annotations: [{timestamp, value}], tags: {key: text},
// shared}
//
// Times are in microseconds. Client and server may share one span id (`shared`): both spans are kept as sent. In
// version 1, kind and service come from the core annotations ("sr" …), and tags from binaryAnnotations.
// Source: openzipkin/zipkin-api, zipkin2-api.yaml, zipkin-api.yaml.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::zipkin {

bool is_json(const simdjson::dom::element& document);
// Fails only if the sink fails or the import is cancelled.
Result<void> decode_json(const simdjson::dom::element& document, Intake& intake);

inline constexpr DocumentFormat kJson{"zipkin", is_json, decode_json};

}  // namespace culprit::zipkin
