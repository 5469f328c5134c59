#include "ingest/jaeger/jaeger.h"

#include <simdjson.h>

#include "ingest/jaeger/span.h"
#include "ingest/jaeger/tags.h"

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
  // What the Collector's translation does, so that attributes read the same whichever way a trace came.
  if (!find(resource.attributes, "service.name"))
    resource.attributes.insert(resource.attributes.begin(), {"service.name", std::string(service)});
  return resource;
}

Result<void> decode_trace(const dom::object& trace, Intake& intake) {
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
    // Elasticsearch's form has the process in the span itself.
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

}  // namespace

bool is_json_trace(const dom::object& document) {
  dom::element element;
  if (!document["data"].get(element)) return true;
  return !document["spans"].get(element) && (!document["processes"].get(element) || !document["traceID"].get(element));
}

Result<void> decode_json(const dom::object& document, Intake& intake) {
  dom::element data;
  if (document["data"].get(data)) return decode_trace(document, intake);
  dom::array traces;
  if (data.get_array().get(traces)) {
    if (!data.is_null()) intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, "data is not an array of traces");
    return {};
  }
  for (dom::element entry : traces) {
    dom::object trace;
    if (entry.get_object().get(trace))
      intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, "a trace is not an object");
    else
      TRY(decode_trace(trace, intake));
  }
  return {};
}

}  // namespace culprit::jaeger
