#include "ingest/jaeger/jaeger.h"

#include <simdjson.h>

#include "ingest/jaeger/span.h"
#include "ingest/jaeger/tags.h"
#include "ingest/shared/intake.h"

namespace culprit::jaeger {

namespace dom = simdjson::dom;

namespace {

Resource decode_process(const dom::element& process, Intake& intake) {
  Resource resource;
  std::string_view service;
  dom::element tags;
  if (!process["tags"].get(tags)) resource.attributes = decode_tags(tags, intake);
  if (process["serviceName"].get_string().get(service)) return resource;
  resource.service = service;
  // The Collector's translation adds service.name too: the attributes are the same for both ways of sending a trace.
  if (!find(resource.attributes, "service.name"))
    resource.attributes.insert(resource.attributes.begin(), {"service.name", std::string(service)});
  return resource;
}

Result<void> decode_trace(const dom::element& trace, Intake& intake) {
  dom::element element;
  dom::array spans;
  if (trace["spans"].get(element) || element.is_null()) return {};
  if (element.get_array().get(spans)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, "a trace's spans are not an array");
    return {};
  }
  dom::element processes;
  bool has_processes = !trace["processes"].get(processes);
  std::string_view current;
  bool placed = false;
  for (dom::element item : spans) {
    std::string_view id;
    dom::element process;
    // In Elasticsearch's form, the process is a member of the span.
    bool known = !item["process"].get(process) ||
                 (!item["processID"].get_string().get(id) && has_processes && !processes[id].get(process));
    if (!placed || id != current || id.empty())
      intake.set_resource(known ? decode_process(process, intake) : Resource());
    placed = true;
    current = id;
    decode_span(item, intake);
    TRY(intake.flush_if_full());
  }
  return {};
}

bool is_trace(const dom::element& element) {
  dom::element spans, other;
  if (element["spans"].get(spans) || !(spans.is_array() || spans.is_null())) return false;
  return !element["processes"].get(other) || !element["traceID"].get(other);
}

bool is_span(const dom::element& element) {
  dom::element other;
  if (element["traceID"].get(other) || element["spanID"].get(other)) return false;
  return !element["operationName"].get(other) || !element["startTime"].get(other);
}

}  // namespace

bool is_json(const dom::element& document) {
  dom::element data;
  dom::array traces;
  if (!document["data"].get(data)) {
    if (data.is_null()) return true;
    if (data.get_array().get(traces)) return is_trace(data);
    return traces.size() == 0 || is_trace(traces.at(0));
  }
  return is_trace(document) || is_span(document);
}

Result<void> decode_json(const dom::element& document, Intake& intake) {
  dom::element data;
  dom::array traces;
  if (document["data"].get(data)) {
    if (!is_span(document)) return decode_trace(document, intake);
    dom::element process;
    intake.set_resource(document["process"].get(process) ? Resource() : decode_process(process, intake));
    decode_span(document, intake);
    return intake.flush_if_full();
  }
  if (data.get_array().get(traces)) return data.is_null() ? Result<void>() : decode_trace(data, intake);
  for (dom::element trace : traces) {
    if (trace.is_object())
      TRY(decode_trace(trace, intake));
    else
      intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, "a trace is not an object");
  }
  return {};
}

}  // namespace culprit::jaeger
