// Tests that a private store gives the same results as a store on disk, whatever the number of runs.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "model/batch_codec.h"
#include "store/local/store_testing.h"

namespace culprit {
namespace {

// Traces in pieces, out of order, with copies and unusual times, and with most spans in one trace.
std::vector<Batch> scattered_batches(uint64_t seed, size_t batches) {
  std::mt19937_64 random(seed);
  std::vector<Batch> all;
  for (size_t i = 0; i < batches; ++i) {
    Batch batch = batch_of(1, 0);
    for (size_t n = 0; n < 60; ++n) {
      uint64_t trace = random() % 4 == 0 ? 7 : random() % 200 * 1'000'003;
      Span span = make_span(trace, 1 + random() % 5, random() % 3);
      if (random() % 9 == 0) span.start_ns = 1'000'000 * static_cast<int64_t>(random() % 50);
      if (random() % 9 == 0) span.duration_ns = -5;
      span.trace_id.high = random() % 2;
      batch.spans.push_back(span);
      if (random() % 8 == 0) batch.spans.push_back(span);
    }
    LogRecord log;
    log.body = "line " + std::to_string(i);
    batch.logs.push_back(log);
    batch.received = {{"otlp", "span", static_cast<int64_t>(batch.spans.size())}, {"otlp", "log", 1}};
    all.push_back(std::move(batch));
  }
  return all;
}

std::unique_ptr<Reader> read_privately(std::vector<Batch> batches, PrivateStoreOptions options) {
  auto store = open_private_store(options).value();
  for (Batch& batch : batches) EXPECT_TRUE(store->push(std::move(batch)).has_value());
  auto reader = store->read();
  EXPECT_TRUE(reader.has_value()) << (reader.has_value() ? "" : reader.error().message);
  return std::move(reader).value();
}

std::string text_of(Reader& reader, int64_t from_ns, int64_t to_ns) {
  std::string text;
  for (Trace& trace : traces_of(reader, from_ns, to_ns)) {
    Batch batch;
    batch.spans = std::move(trace.spans);
    for (Span& span : batch.spans) span.resource = 0;
    text += to_hex(trace.id) + encode_batch(batch).value();
  }
  return text;
}

std::vector<std::string> ledger_of(Reader& reader) {
  std::vector<std::string> lines;
  std::vector<LedgerRow> rows = reader.ledger().value();
  for (const LedgerRow& row : rows)
    lines.push_back(row.kind + " " + row.source + " " + row.service + " " + std::to_string(row.n));
  std::sort(lines.begin(), lines.end());
  return lines;
}

void expect_same(Reader& a, Reader& b) {
  EXPECT_EQ(ledger_of(a), ledger_of(b));
  Account x = a.account().value(), y = b.account().value();
  EXPECT_EQ(x.received, y.received);
  EXPECT_EQ(x.stored, y.stored);
  EXPECT_EQ(x.accounted, y.accounted);
  EXPECT_TRUE(x.balanced());
  EXPECT_EQ(text_of(a, 0, kAlways), text_of(b, 0, kAlways));
  EXPECT_EQ(text_of(a, kBegin, kBegin + 40'000'000'000), text_of(b, kBegin, kBegin + 40'000'000'000));
  for (uint64_t high : {0, 1}) {
    auto found = a.trace({high, 7}).value(), also = b.trace({high, 7}).value();
    ASSERT_TRUE(found && also);
    EXPECT_EQ(found->spans.size(), also->spans.size());
  }
  EXPECT_FALSE(a.trace({9, 9}).value().has_value());
  EXPECT_EQ(a.logs().value().size(), b.logs().value().size());
  for (const char* select : {"SELECT count(*), sum(duration_ns), count(DISTINCT trace_id) FROM span",
                             "SELECT kind, unit, sum(n) FROM ledger GROUP BY ALL ORDER BY ALL"}) {
    auto one = a.sql(select, {}), other = b.sql(select, {});
    ASSERT_TRUE(one.has_value() && other.has_value());
    EXPECT_EQ(one.value().rows, other.value().rows) << select;
  }
}

TEST(PrivateStore, AnswersAsAStoreOnDiskDoes) {
  uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Store store;
  store.write(scattered_batches(seed, 30));
  auto sealed = store.read();
  for (PrivateStoreOptions options : {PrivateStoreOptions{}, PrivateStoreOptions{300, 1u << 20},
                                      PrivateStoreOptions{100, 2000}, PrivateStoreOptions{200, 0}})
    expect_same(*read_privately(scattered_batches(seed, 30), options), *sealed);
}

TEST(PrivateStore, WhatIsAskedFirstChangesNothing) {
  auto reader = read_privately(scattered_batches(3, 10), {100, 1u << 20});
  auto first = ledger_of(*reader);
  auto other = read_privately(scattered_batches(3, 10), {100, 1u << 20});
  size_t seen = 0;
  ASSERT_TRUE(other->for_each_trace(0, kAlways, [&](const Trace&) { return ++seen < 3; }).has_value());
  EXPECT_EQ(seen, 3u);
  EXPECT_GT(span_count(*other), 0u);
  EXPECT_EQ(ledger_of(*other), first);
}

TEST(PrivateStore, LeavesNothing) {
  TemporaryDirectory place = TemporaryDirectory::create("private").value();
  setenv("TMPDIR", place.path().c_str(), 1);
  {
    auto reader = read_privately(scattered_batches(1, 10), {50, 1000});
    EXPECT_FALSE(list_directory(place.path()).value().empty());
    EXPECT_GT(span_count(*reader), 0u);
  }
  EXPECT_TRUE(list_directory(place.path()).value().empty());
  unsetenv("TMPDIR");
}

TEST(PrivateStore, OpensWithNothingInIt) {
  auto reader = read_privately({}, {});
  EXPECT_EQ(span_count(*reader), 0u);
  EXPECT_TRUE(reader->account().value().balanced());
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span"), "0");
}

TEST(LargeStore, IsCheckedWhereItIsReadAndSaysWhatWasNot) {
  Store store;
  store.write({batch_of(1, 100)});
  store.read();
  std::string damaged;
  std::vector<std::string> names = list_directory(store.layout.segments()).value();
  for (const std::string& name : names)
    if (name.starts_with("span-") && name.ends_with(".parquet")) damaged = name;
  {
    File file = File::open(store.layout.segment(damaged), O_RDWR).value();
    std::string bytes = file.read_all(1 << 20).value();
    char flipped = static_cast<char>(bytes[bytes.size() / 3] ^ 4);
    ASSERT_EQ(pwrite(file.fd(), &flipped, 1, static_cast<off_t>(bytes.size() / 3)), 1);
  }
  ReaderOptions large{.checked_at_open_bytes = 0};  // makes the reader treat the store as a large one
  auto unread = store.read(large);
  EXPECT_GT(ledger_count(*unread, "unverified", "file"), 0);
  auto reader = store.read(large);
  EXPECT_EQ(span_count(*reader), 0u);
  EXPECT_EQ(ledger_count(*reader, "malformed", "file"), 1);
  auto by_id = store.read(large);
  EXPECT_FALSE(by_id->trace({0xabcdef, 5}).value().has_value());
  EXPECT_EQ(ledger_count(*by_id, "malformed", "file"), 1);
  for (const char* select :
       {"SELECT count(*) FROM span", "SELECT count(*) FROM SPAN", "FROM query_table('sp' || 'an') SELECT count(*)"}) {
    auto asked = store.read(large);
    auto answer = asked->sql(select, {});
    if (answer.has_value()) {
      EXPECT_EQ(answer.value().rows[0][0], "0") << select;
    }
    EXPECT_EQ(ledger_count(*asked, "malformed", "file"), 1) << select;
  }
}

}  // namespace
}  // namespace culprit
