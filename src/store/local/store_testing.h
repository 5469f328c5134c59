// Helpers for tests of a store: a store in its own directory, batches to fill it, and one-line queries.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/tree.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/interface/open.h"

namespace culprit {

constexpr int64_t kBegin = 1'700'000'000'000'000'123;
constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();

inline Span make_span(uint64_t trace, uint64_t id, uint64_t parent = 0) {
  Span span;
  span.trace_id = {0xabcdef, trace}, span.span_id = id, span.parent_span_id = parent;
  span.name = "GET /orders", span.service = "shop", span.source = "otlp", span.kind = SpanKind::Server;
  span.start_ns = kBegin + static_cast<int64_t>(trace * 1000 + id), span.duration_ns = 1000 - static_cast<int64_t>(id);
  span.attributes = {{"http.route", std::string("/orders")}, {"http.response.status_code", int64_t{200}}};
  return span;
}

inline Batch batch_of(uint64_t first_trace, uint64_t traces) {
  Batch batch;
  Resource resource;
  resource.service = "shop", resource.attributes = {{"host.name", std::string("a")}};
  batch.resources.push_back(resource);
  for (uint64_t trace = first_trace; trace < first_trace + traces; ++trace)
    for (uint64_t id = 1; id <= 3; ++id) batch.spans.push_back(make_span(trace, id, id - 1));
  batch.received.push_back({"otlp", "span", static_cast<int64_t>(batch.spans.size())});
  return batch;
}

struct Store {
  TemporaryDirectory directory = TemporaryDirectory::create("store-test").value();
  std::string path = directory.path() + "/x.culprit";
  Layout layout{path};

  void write(std::vector<Batch> batches) {
    WriterOptions options;
    if (path_exists(path)) options.existing = WriterOptions::Existing::Append;
    auto writer = open_writer(path, options);
    ASSERT_TRUE(writer.has_value()) << writer.error().message;
    for (Batch& batch : batches) ASSERT_TRUE(writer.value()->push(std::move(batch)).has_value());
    ASSERT_TRUE(writer.value()->close().has_value());
  }
  std::unique_ptr<Reader> read(ReaderOptions options = {}) {
    auto reader = open_reader(path, options);
    EXPECT_TRUE(reader.has_value()) << (reader.has_value() ? "" : reader.error().message);
    return reader.has_value() ? std::move(reader).value() : nullptr;
  }
  std::string only_journal() { return layout.journal_file(list_directory(layout.journal()).value().at(0)); }
};

inline std::vector<Trace> traces_of(Reader& reader, int64_t from_ns = 0, int64_t to_ns = kAlways) {
  std::vector<Trace> traces;
  auto done =
      reader.for_each_trace(from_ns, to_ns, [&](Trace trace) { return traces.push_back(std::move(trace)), true; });
  EXPECT_TRUE(done.has_value()) << (done.has_value() ? "" : done.error().message);
  return traces;
}

inline size_t span_count(Reader& reader) {
  size_t count = 0;
  for (const Trace& trace : traces_of(reader)) count += trace.spans.size();
  return count;
}

inline int64_t ledger_count(Reader& reader, std::string_view kind, std::string_view unit) {
  int64_t n = 0;
  std::vector<LedgerRow> rows = reader.ledger().value();
  for (const LedgerRow& row : rows)
    if (row.kind == kind && row.unit == unit) n += row.n;
  return n;
}

inline std::string sql_value(Reader& reader, const std::string& select) {
  auto table = reader.sql(select, {});
  EXPECT_TRUE(table.has_value()) << select << ": " << (table.has_value() ? "" : table.error().message);
  if (!table.has_value() || table.value().rows.empty()) return {};
  return table.value().rows[0].at(0);
}

}  // namespace culprit
