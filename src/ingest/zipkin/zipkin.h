// Zipkin's JSON: version 2 spans, as its API gives and takes them, one, or arrays of them, or of traces.
//
//   {traceId, id, parentId, name, kind: CLIENT|SERVER|PRODUCER|CONSUMER, timestamp, duration, localEndpoint: {serviceName, ipv4,
//    port}, remoteEndpoint, annotations: [{timestamp, value}], tags: {key: text}, shared}            times in microseconds
//
// Client and server may share one span id (`shared`): both are kept as sent. Of version 1, kind and service come from
// the core annotations ("sr" …) and tags from binaryAnnotations.
// Source: openzipkin/zipkin-api, zipkin2-api.yaml, zipkin-api.yaml.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::zipkin {

bool is_json(const simdjson::dom::element& document);
// Fails only where the sink or a cancel token does.
Result<void> decode_json(const simdjson::dom::element& document, Intake& intake);

inline constexpr DocumentFormat kJson{"zipkin", is_json, decode_json};

}  // namespace culprit::zipkin
