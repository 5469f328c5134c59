#include "ingest/otlp/json.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/json_splitter.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

// The nesting is the same in all three signals: {resourceX: [{resource, scopeX: [{scope, items: [...]}]}]}.
struct Signal {
  std::string_view resources, other_resources, scopes, old_scopes, items;
  void (*decode)(const dom::element& item, Intake& intake);
};
constexpr Signal kSignals[] = {
    // "batches" is Tempo's name. "instrumentationLibrarySpans" is the name before OTLP 0.15, still found in stored
    // files.
    {"resourceSpans", "batches", "scopeSpans", "instrumentationLibrarySpans", "spans", decode_json_span},
    {"resourceLogs", "", "scopeLogs", "instrumentationLibraryLogs", "logRecords", decode_json_log},
    {"resourceMetrics", "", "scopeMetrics", "instrumentationLibraryMetrics", "metrics", decode_json_metric},
};

// The level of a JSON object in that nesting.
enum class Level : uint8_t { None, Request, Entry, Scope, Item };
struct Shape {
  Level level = Level::None;
  const Signal* signal = nullptr;  // null: the object's members decide
};

bool has_ids(const dom::element& element) {
  return camel_member(element, "traceId").has_value() && camel_member(element, "spanId").has_value();
}

bool holds_items(const Signal& signal, const dom::element& list) {
  dom::array array;
  if (list.get_array().get(array) || array.size() == 0) return false;
  return signal.items != "spans" || has_ids(array.at(0));
}

// Recognises a single span or log record by fields that occur together only in OTLP.
Shape item_shape(const dom::element& element) {
  if (camel_member(element, "startTimeUnixNano") && has_ids(element)) return {Level::Item, &kSignals[0]};
  bool timed = camel_member(element, "timeUnixNano") || camel_member(element, "observedTimeUnixNano");
  if (timed && (camel_member(element, "body") || camel_member(element, "severityNumber")))
    return {Level::Item, &kSignals[1]};
  return {};
}

// Returns whether an element can be part of a list of resourceX: an object with at least one of its members, or an
// empty object.
bool is_entry(const Signal& signal, const dom::element& element) {
  dom::object object;
  if (element.get_object().get(object)) return !element.is_array();  // damage is reported where it is decoded
  CamelKey names;
  bool any = false;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    any = true;
    if (key == "resource" || key == "schemaUrl" || key == signal.scopes || key == signal.old_scopes ||
        key == kRepeatedContext)
      return true;
  }
  return !any;
}

// An array of other objects with that name is a wrapper.
bool holds_entries(const Signal& signal, const dom::element& list) {
  dom::array array;
  if (list.get_array().get(array)) return true;
  return std::all_of(array.begin(), array.end(), [&](const dom::element& entry) { return is_entry(signal, entry); });
}

Shape shape_of(const dom::element& element) {
  dom::object object;
  if (element.get_object().get(object)) return {};
  CamelKey names;
  Shape shape;
  bool scope = false, spans = false;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    for (const Signal& signal : kSignals) {
      bool request = key == signal.resources || (key == signal.other_resources && value.is_array());
      if (request && holds_entries(signal, value)) return {Level::Request, nullptr};
      if (key == signal.scopes || key == signal.old_scopes) return {Level::Entry, nullptr};
      if (key != signal.items || !value.is_array()) continue;
      shape = {Level::Scope, &signal};
      spans = holds_items(signal, value) && signal.items == "spans";
    }
    scope |= key == "scope" || key == "instrumentationLibrary";
  }
  if (shape.level == Level::Scope && (scope || spans)) return shape;
  return item_shape(element);
}

uint32_t count_member(const dom::element& object, std::string_view key) {
  auto element = camel_member(object, key);
  return element ? static_cast<uint32_t>(json_uint64(*element).value_or(0)) : 0;
}

// Returns the array `element`; anything else is counted as malformed.
std::optional<dom::array> list_of(const dom::element& element, std::string_view key, Intake& intake) {
  dom::array array;
  if (element.is_null()) return std::nullopt;
  if (!element.get_array().get(array)) return array;
  intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, std::string(key) + " is not an array");
  return std::nullopt;
}

void read_resource(const dom::element& element, Resource& resource, Intake& intake) {
  if (auto attributes = camel_member(element, "attributes")) resource.attributes = json_attributes(*attributes, intake);
  resource.dropped_attributes = count_member(element, "droppedAttributesCount");
}

void read_scope(const dom::element& scope, Resource& resource, Intake& intake) {
  resource.scope_name = text_member(scope, "name");
  resource.scope_version = text_member(scope, "version");
  if (auto attributes = camel_member(scope, "attributes"))
    resource.scope_attributes = json_attributes(*attributes, intake);
  uint32_t dropped = count_member(scope, "droppedAttributesCount");
  if (dropped) intake.sum(LedgerKind::attributes_dropped, dropped, intake.resource().service);
}

Result<void> decode_scope(const Signal& signal, const dom::element& scope, Resource resource, Intake& intake) {
  dom::object object;
  std::optional<dom::array> items;
  if (scope.get_object().get(object)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, std::string(signal.scopes) + " holds no object");
    return {};
  }
  CamelKey names;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    if (key == kRepeatedContext)
      intake.set_muted(true);
    else if (key == "scope" || key == "instrumentationLibrary")
      read_scope(value, resource, intake);
    else if (key == "schemaUrl")
      resource.scope_schema_url = json_text(value).value_or(std::string_view());
    else if (key == signal.items)
      items = list_of(value, key, intake);
  }
  intake.set_muted(false);
  intake.set_resource(std::move(resource));
  if (!items) return {};
  for (dom::element item : *items) {
    signal.decode(item, intake);
    TRY(intake.flush_if_full());
  }
  return {};
}

Result<void> decode_entry(const Signal& signal, const dom::element& entry, Intake& intake) {
  dom::object object;
  if (entry.get_object().get(object)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, std::string(signal.resources) + " holds no object");
    return {};
  }
  Resource resource;
  CamelKey names;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    if (key == kRepeatedContext)
      intake.set_muted(true);
    else if (key == "resource")
      read_resource(value, resource, intake);
    else if (key == "schemaUrl")
      resource.schema_url = json_text(value).value_or(std::string_view());
  }
  intake.set_resource(resource);
  if (resource.dropped_attributes)
    intake.sum(LedgerKind::attributes_dropped, resource.dropped_attributes, intake.resource().service);
  intake.set_muted(false);
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    if (key != signal.scopes && key != signal.old_scopes) continue;
    std::optional<dom::array> scopes = list_of(value, key, intake);
    if (!scopes) continue;
    for (dom::element scope : *scopes) TRY(decode_scope(signal, scope, resource, intake));
  }
  return {};
}

Result<void> decode_request(const dom::object& request, Intake& intake) {
  CamelKey names;
  for (auto [raw_key, value] : request) {
    std::string_view key = names.of(raw_key);
    for (const Signal& signal : kSignals) {
      if (key != signal.resources && (key != signal.other_resources || !value.is_array())) continue;
      std::optional<dom::array> entries = list_of(value, key, intake);
      if (!entries) continue;
      for (dom::element entry : *entries) TRY(decode_entry(signal, entry, intake));
    }
  }
  return {};
}

// Decodes a single ResourceSpans, ResourceLogs or ResourceMetrics, or an object that is several of them.
Result<void> decode_lone_entry(const dom::object& object, const dom::element& entry, Intake& intake) {
  for (const Signal& signal : kSignals) {
    bool there = false;
    CamelKey names;
    for (auto [raw_key, value] : object) {
      std::string_view key = names.of(raw_key);
      there |= key == signal.scopes || key == signal.old_scopes;
    }
    if (there) TRY(decode_entry(signal, entry, intake));
  }
  return {};
}

}  // namespace

bool is_json(const dom::element& document) { return shape_of(document).level != Level::None; }

Result<void> decode_json(const dom::element& document, Intake& intake) {
  dom::object object;
  Shape shape = shape_of(document);
  if (document.get_object().get(object)) return {};
  if (shape.level == Level::Request) return decode_request(object, intake);
  if (shape.level == Level::Entry) return decode_lone_entry(object, document, intake);
  Resource resource;
  if (auto element = camel_member(document, "resource")) read_resource(*element, resource, intake);
  if (shape.level == Level::Scope) return decode_scope(*shape.signal, document, std::move(resource), intake);
  if (shape.level != Level::Item) return {};
  if (auto scope = camel_member(document, "scope")) read_scope(*scope, resource, intake);
  intake.set_resource(std::move(resource));
  shape.signal->decode(document, intake);
  return intake.flush_if_full();
}

}  // namespace culprit::otlp
