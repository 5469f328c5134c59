#include "ingest/otlp/json.h"

#include <simdjson.h>

#include <optional>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/shared/json_members.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

// The same nesting in all three signals: {resourceX: [{resource, scopeX: [{scope, items: [...]}]}]}.
struct Signal {
  std::string_view resources, scopes, old_scopes, items;
  LedgerUnit unit;
  void (*decode)(const dom::element& item, Intake& intake);
};
constexpr Signal kSignals[] = {
    // instrumentationLibrarySpans: OTLP before 0.15, still found in stored files.
    {"resourceSpans", "scopeSpans", "instrumentationLibrarySpans", "spans", LedgerUnit::Span, decode_json_span},
    {"resourceLogs", "scopeLogs", "instrumentationLibraryLogs", "logRecords", LedgerUnit::Log, decode_json_log},
    {"resourceMetrics", "scopeMetrics", "instrumentationLibraryMetrics", "metrics", LedgerUnit::Metric,
     decode_json_metric},
};

uint32_t count_member(const dom::element& object, std::string_view key) {
  dom::element element;
  if (object[key].get(element)) return 0;
  return static_cast<uint32_t>(json_uint64(element).value_or(0));
}

// The array `element`; where it is something else, that is noted.
std::optional<dom::array> list_of(const dom::element& element, std::string_view key, Intake& intake) {
  dom::array array;
  if (element.is_null()) return std::nullopt;
  if (!element.get_array().get(array)) return array;
  intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, std::string(key) + " is not an array");
  return std::nullopt;
}

std::optional<dom::array> list_member(const dom::element& object, std::string_view key, Intake& intake) {
  dom::element element;
  if (object[key].get(element)) return std::nullopt;
  return list_of(element, key, intake);
}

Resource decode_resource(const dom::element& resource_of_many, Intake& intake) {
  Resource resource;
  dom::element element, attributes;
  resource.schema_url = text_member(resource_of_many, "schemaUrl");
  if (resource_of_many["resource"].get(element)) return resource;
  if (!element["attributes"].get(attributes)) resource.attributes = json_attributes(attributes, intake);
  resource.dropped_attributes = count_member(element, "droppedAttributesCount");
  return resource;
}

void add_scope(Resource& resource, const dom::element& scope_of_many, Intake& intake) {
  dom::element scope, attributes;
  resource.scope_schema_url = text_member(scope_of_many, "schemaUrl");
  if (scope_of_many["scope"].get(scope) && scope_of_many["instrumentationLibrary"].get(scope)) return;
  resource.scope_name = text_member(scope, "name");
  resource.scope_version = text_member(scope, "version");
  if (!scope["attributes"].get(attributes)) resource.scope_attributes = json_attributes(attributes, intake);
  uint32_t dropped = count_member(scope, "droppedAttributesCount");
  if (dropped) intake.sum(LedgerKind::attributes_dropped, dropped, intake.resource().service);
}

Result<void> decode_scope(const Signal& signal, const dom::element& scope, Resource resource, Intake& intake) {
  add_scope(resource, scope, intake);
  intake.set_resource(std::move(resource));
  std::optional<dom::array> items = list_member(scope, signal.items, intake);
  if (!items) return {};
  for (dom::element item : *items) {
    signal.decode(item, intake);
    TRY(intake.flush_if_full());
  }
  return {};
}

Result<void> decode_entry(const Signal& signal, const dom::element& entry, Intake& intake) {
  Resource resource = decode_resource(entry, intake);
  intake.set_resource(resource);
  if (resource.dropped_attributes)
    intake.sum(LedgerKind::attributes_dropped, resource.dropped_attributes, intake.resource().service);
  for (std::string_view key : {signal.scopes, signal.old_scopes}) {
    std::optional<dom::array> scopes = list_member(entry, key, intake);
    if (!scopes) continue;
    for (dom::element scope : *scopes) TRY(decode_scope(signal, scope, resource, intake));
  }
  return {};
}

}  // namespace

bool is_json_request(const dom::object& request) {
  for (auto [key, value] : request)
    for (const Signal& signal : kSignals)
      if (key == signal.resources) return true;
  return false;
}

Result<void> decode_json(const dom::object& request, Intake& intake) {
  for (auto [key, value] : request) {
    for (const Signal& signal : kSignals) {
      if (key != signal.resources) continue;
      std::optional<dom::array> entries = list_of(value, key, intake);
      if (!entries) continue;
      for (dom::element entry : *entries) TRY(decode_entry(signal, entry, intake));
    }
  }
  return {};
}

}  // namespace culprit::otlp
