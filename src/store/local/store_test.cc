#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/tree.h"
#include "model/batch_codec.h"
#include "model/generated_batch_testing.h"
#include "model/schema.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/interface/open.h"
#include "store/local/store_testing.h"

namespace culprit {
namespace {

TEST(Store, GivesBackTheTracesThatWereWritten) {
  Store store;
  store.write({batch_of(1, 50), batch_of(51, 50)});
  auto reader = store.read();
  std::vector<Trace> traces = traces_of(*reader);
  ASSERT_EQ(traces.size(), 100u);
  EXPECT_EQ(traces[0].spans.size(), 3u);
  EXPECT_EQ(traces[0].spans[0].attributes, make_span(1, 1).attributes);
  EXPECT_EQ(traces[0].spans[0].start_ns, make_span(1, 1).start_ns);
  auto resources = reader->resources().value();
  ASSERT_EQ(resources.size(), 1u);
  EXPECT_EQ(resources[traces[0].spans[0].resource].attributes.at(0).key, "host.name");
  Account account = reader->account().value();
  EXPECT_EQ(account.received["span"], 300);
  EXPECT_EQ(account.stored["span"], 300);
  EXPECT_TRUE(account.balanced());
}

TEST(Store, GivesBackEveryFieldOfGeneratedRows) {
  for (uint64_t seed = 100; seed < 106; ++seed) {
    Store store;
    Batch batch = generated_utf8_batch(seed);
    store.write({batch});
    auto reader = store.read();
    std::map<std::pair<uint64_t, int64_t>, Span> by_id;
    for (const Span& span : batch.spans) by_id[{span.span_id, span.start_ns}] = span;
    auto resources = reader->resources().value();
    size_t seen = 0;
    for (Trace& trace : traces_of(*reader))
      for (Span& span : trace.spans) {
        const Span& sent = by_id.at({span.span_id, span.start_ns});
        EXPECT_EQ(span.attributes, sent.attributes) << "seed " << seed;
        EXPECT_EQ(span.events, sent.events) << "seed " << seed;
        EXPECT_EQ(span.links, sent.links) << "seed " << seed;
        EXPECT_EQ(span.blockers, sent.blockers) << "seed " << seed;
        if (!batch.resources.empty()) {
          EXPECT_EQ(resources.at(span.resource), batch.resources.at(sent.resource)) << "seed " << seed;
        }
        // Compares the other fields by their encoding as a frame, which has its own test.
        Batch a, b;
        a.spans = {span}, b.spans = {sent};
        a.spans[0].resource = b.spans[0].resource = 0, a.spans[0].flags = b.spans[0].flags;
        EXPECT_EQ(encode_batch(a).value(), encode_batch(b).value()) << "seed " << seed;
        ++seen;
      }
    EXPECT_EQ(seen, batch.spans.size());
    Batch a, b;
    a.processes = reader->processes().value(), b.processes = batch.processes;
    EXPECT_EQ(encode_batch(a).value(), encode_batch(b).value()) << "seed " << seed;
    EXPECT_EQ(reader->logs().value().size(), batch.logs.size());
    EXPECT_EQ(reader->metrics().value().size(), batch.metrics.size());
    EXPECT_EQ(reader->connections().value().size(), batch.connections.size());
    EXPECT_EQ(reader->thread_states(0, 0, kAlways).value().size(), batch.thread_states.size());
    EXPECT_EQ(reader->hosts().value().size(), batch.hosts.size());
  }
}

template <class Row>
std::vector<std::string> encoded_rows(std::vector<Row> rows, std::vector<Row> Batch::*member) {
  std::vector<std::string> all;
  for (Row& row : rows) {
    Batch one;
    if constexpr (std::is_same_v<Row, LogRecord>) row.resource = 0;  // an index into another list
    (one.*member).push_back(std::move(row));
    all.push_back(encode_batch(one).value());
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Store, GivesBackEveryRowOfEveryTable) {
  for (uint64_t seed = 200; seed < 203; ++seed) {
    Store store;
    Batch batch = generated_utf8_batch(seed);
    store.write({batch});
    auto reader = store.read();
#define TABLE(section, Row, member)                                                                  \
  if constexpr (!std::is_same_v<Row, Resource> && !std::is_same_v<Row, LedgerRow>) {                 \
    EXPECT_EQ(encoded_rows(reader->rows(table_info(Of<Row>()).name).value().member, &Batch::member), \
              encoded_rows(batch.member, &Batch::member))                                            \
        << "seed " << seed << ", " << table_info(Of<Row>()).name;                                    \
  }
#define SPANS(section, Row, member)
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
  }
}

TEST(Store, RefusesToOverwriteAndToBeWrittenTwice) {
  Store store;
  auto writer = open_writer(store.path);
  ASSERT_TRUE(writer.has_value());
  EXPECT_FALSE(open_writer(store.path).has_value());
  EXPECT_FALSE(open_writer(store.path, {.existing = WriterOptions::Existing::Append}).has_value());
}

TEST(Store, IsReadWhileItIsWrittenAndLeftAsItIs) {
  Store store;
  auto writer = open_writer(store.path).value();
  ASSERT_TRUE(writer->push(batch_of(1, 10)).has_value());
  EXPECT_EQ(span_count(*store.read()), 30u);
  ASSERT_TRUE(writer->push(batch_of(11, 10)).has_value());
  EXPECT_EQ(span_count(*store.read()), 60u);
  EXPECT_TRUE(list_directory(store.layout.segments()).value().empty());
  ASSERT_TRUE(writer->close().has_value());
  EXPECT_EQ(span_count(*store.read()), 60u);
  EXPECT_FALSE(list_directory(store.layout.segments()).value().empty());
  EXPECT_TRUE(list_directory(store.layout.journal()).value().empty());
}

TEST(Store, GrowsOverSeveralSealings) {
  Store store;
  for (uint64_t round = 0; round < 3; ++round) {
    store.write({batch_of(1 + round * 10, 10)});
    auto reader = store.read();
    EXPECT_EQ(span_count(*reader), 30 * (round + 1));
    EXPECT_TRUE(reader->account().value().balanced());
  }
}

TEST(Store, LosesNothingAndRepeatsNothingWhereverSealingDies) {
  for (int step = 1; step <= 4; ++step) {
    Store store;
    store.write({batch_of(1, 10)});
    store.write({batch_of(11, 10)});
    pid_t child = fork();
    if (child == 0) {
      (void)open_reader(store.path, {.die_at_step = step});
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 9) << "step " << step << " was not reached";
    auto reader = store.read();
    EXPECT_EQ(span_count(*reader), 60u) << "step " << step;
    EXPECT_TRUE(reader->account().value().balanced()) << "step " << step;
    reader.reset();
    EXPECT_EQ(span_count(*store.read()), 60u) << "step " << step;
    EXPECT_TRUE(list_directory(store.layout.journal()).value().empty()) << "step " << step;
  }
}

TEST(Store, SkipsATornTail) {
  Store store;
  store.write({batch_of(1, 10), batch_of(11, 10)});
  std::string journal = store.only_journal();
  uint64_t size = File::open(journal, O_RDONLY).value().size().value();
  ASSERT_EQ(truncate(journal.c_str(), static_cast<off_t>(size - 5)), 0);
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 30u);
  EXPECT_TRUE(reader->account().value().balanced());
  EXPECT_GT(ledger_count(*reader, "malformed", "byte"), 0);
}

TEST(Store, CountsADamagedFrameAndKeepsTheOthers) {
  for (int offset : {2, 120}) {  // offsets in the header and in the payload
    Store store;
    store.write({batch_of(1, 10), batch_of(11, 10), batch_of(21, 10)});
    std::string journal = store.only_journal();
    std::string bytes = File::open(journal, O_RDONLY).value().read_all(1 << 20).value();
    size_t second = bytes.find("\xc1PF1", 4);
    size_t at = second + static_cast<size_t>(offset);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    File file = File::open(journal, O_WRONLY | O_TRUNC).value();
    ASSERT_TRUE(file.write_all(bytes).has_value());
    auto reader = store.read();
    EXPECT_EQ(span_count(*reader), 60u) << "offset " << offset;
    EXPECT_EQ(ledger_count(*reader, "malformed", "frame"), 1) << "offset " << offset;
    EXPECT_EQ(ledger_count(*reader, "seq_gap", "frame"), 0) << "offset " << offset;
  }
}

TEST(Store, CountsAFlippedBitOfASegmentAndDoesNotAnswerFromIt) {
  Store store;
  store.write({batch_of(1, 100)});
  store.read();
  std::vector<std::string> names = list_directory(store.layout.segments()).value();
  for (const std::string& name : names) {
    if (!name.starts_with("span-")) continue;
    File file = File::open(store.layout.segment(name), O_RDWR).value();
    std::string bytes = file.read_all(1 << 20).value();
    char flipped = static_cast<char>(bytes[bytes.size() / 3] ^ 4);
    ASSERT_EQ(pwrite(file.fd(), &flipped, 1, static_cast<off_t>(bytes.size() / 3)), 1);
  }
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 0u);
  EXPECT_EQ(ledger_count(*reader, "malformed", "file"), 1);
  EXPECT_EQ(ledger_count(*reader, "refused", "span"), 300);
  EXPECT_TRUE(reader->account().value().balanced());
}

TEST(Store, StoresCopiesOfASpanOnceAndCountsThem) {
  Store store;
  store.write({batch_of(1, 10), batch_of(1, 10)});
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 30u);
  EXPECT_EQ(ledger_count(*reader, "duplicate", "span"), 30);
  Account account = reader->account().value();
  EXPECT_EQ(account.received["span"], 60);
  EXPECT_EQ(account.stored["span"], 30);
  EXPECT_EQ(account.accounted["span"], 30);
  EXPECT_TRUE(account.balanced());
}

TEST(Store, NoticesCopiesOfWhatAnEarlierSealingStored) {
  Store store;
  store.write({batch_of(1, 10)});
  store.read();
  Batch again = batch_of(1, 10);
  again.spans[0].name = "something else with the same id";
  store.write({again});
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 31u);
  EXPECT_EQ(ledger_count(*reader, "duplicate", "span"), 29);
  EXPECT_TRUE(reader->account().value().balanced());
}

TEST(Store, CountsWhatIsWrongWithTracesOnce) {
  Store store;
  Batch batch;
  batch.spans.push_back(make_span(1, 1, 99));  // a span without its parent, in a trace without a root
  batch.spans.push_back(make_span(2, 5, 5));
  batch.spans.push_back(make_span(3, 1));
  batch.spans.back().start_ns = 1'700'000'000'000'000'000, batch.spans.back().duration_ns = 2'000'000;
  store.write({batch});
  for (int round = 0; round < 2; ++round) {
    auto reader = store.read();
    EXPECT_EQ(ledger_count(*reader, "orphan_remote", "span"), 1);
    EXPECT_EQ(ledger_count(*reader, "self_parent", "span"), 1);
    EXPECT_EQ(ledger_count(*reader, "rootless", "trace"), 2);
    EXPECT_EQ(ledger_count(*reader, "coarse_clock", "span"), 1);
    // A later sealing adds the missing parent, so the span is no orphan any more.
    if (round == 0) continue;
    Batch late;
    late.spans.push_back(make_span(1, 99));
    store.write({late});
    EXPECT_EQ(ledger_count(*store.read(), "orphan_remote", "span"), 0);
  }
}

TEST(Store, ChoosesWholeTracesByTime) {
  Store store;
  store.write({batch_of(1, 100)});
  auto reader = store.read();
  // Trace n has spans from n * 1000 + 1 to n * 1000 + 1000.
  std::vector<Trace> traces = traces_of(*reader, kBegin + 10'500, kBegin + 12'002);
  ASSERT_EQ(traces.size(), 3u);
  EXPECT_EQ(traces[0].id.low, 10u);
  EXPECT_EQ(traces[2].id.low, 12u);
  EXPECT_EQ(traces[2].spans.size(), 3u);
}

TEST(Store, FindsKnownIdsByEveryPath) {
  Store store;
  store.write({batch_of(1, 400), batch_of(401, 400)});
  store.read();
  store.write({batch_of(801, 400)});
  auto reader = store.read();
  for (uint64_t trace = 1; trace <= 1200; trace += 97) {
    std::string id = to_hex({0xabcdef, trace});
    auto found = reader->trace({0xabcdef, trace});
    ASSERT_TRUE(found.has_value());
    ASSERT_TRUE(found.value().has_value()) << id;
    EXPECT_EQ(found.value()->spans.size(), 3u);
    if (trace % 2 == 0) continue;
    EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE trace_id = '" + id + "'"), "3");
    EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE trace_id IN ('x', '" + id + "')"), "3");
    EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span a JOIN (SELECT '" + id + "' AS i) b ON a.trace_id = b.i"),
              "3");
    EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE trace_id || '' = '" + id + "'"), "3");
  }
  EXPECT_FALSE(reader->trace({0xabcdef, 5000}).value().has_value());
}

TEST(Store, AnswersFromBatchesInMemory) {
  std::vector<Batch> batches;
  batches.push_back(batch_of(1, 10));
  auto reader = open_memory(std::move(batches));
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  EXPECT_EQ(span_count(*reader.value()), 30u);
  EXPECT_EQ(sql_value(*reader.value(), "SELECT count(*) FROM span"), "30");
  EXPECT_TRUE(reader.value()->account().value().balanced());
}

TEST(Store, OpensAnEmptyStore) {
  Store store;
  store.write({});
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 0u);
  EXPECT_TRUE(reader->account().value().balanced());
  for (const TableDoc& table : schema())
    EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM " + std::string(table.name)), "0");
}

TEST(Sql, WritesValuesExactly) {
  Store store;
  store.write({batch_of(1, 1)});
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT start_ns FROM span ORDER BY span_id LIMIT 1"),
            std::to_string(make_span(1, 1).start_ns));
  EXPECT_EQ(sql_value(*reader, "SELECT 18446744073709551615::UBIGINT"), "18446744073709551615");
  EXPECT_EQ(sql_value(*reader, "SELECT sum(start_ns) FROM span"), "5100000000000003375");
  EXPECT_EQ(sql_value(*reader, "SELECT -1.50::DECIMAL(9,2)"), "-1.50");
  EXPECT_EQ(sql_value(*reader, "SELECT [1, NULL]"), "[1,null]");
  EXPECT_EQ(sql_value(*reader, "SELECT {'a': 'x\"y'}"), R"({"a":"x\"y"})");
  EXPECT_EQ(sql_value(*reader, "SELECT MAP {'k': 1}"), R"({"k":1})");
  EXPECT_EQ(sql_value(*reader, "SELECT DATE '2026-11-24'"), "\"2026-11-24\"");
  EXPECT_EQ(sql_value(*reader, "SELECT \"http.route\" FROM span LIMIT 1"), "\"/orders\"");
  EXPECT_EQ(sql_value(*reader, "SELECT \"http.response.status_code\" FROM span LIMIT 1"), "200");
  EXPECT_EQ(sql_value(*reader, "FROM span SELECT count(*);"), "3");
  EXPECT_EQ(sql_value(*reader, "WITH a AS (SELECT 1 AS x) SELECT x FROM a -- end"), "1");
}

TEST(Sql, RefusesEverythingButOneSelect) {
  Store store;
  store.write({batch_of(1, 1)});
  auto reader = store.read();
  for (const char* statement : {"SELECT * FROM read_csv('/etc/passwd')",
                                "SELECT * FROM read_text('/etc/passwd')",
                                "SELECT * FROM glob('/etc/*')",
                                "SELECT * FROM '/etc/passwd'",
                                "SELECT * FROM sniff_csv('/etc/passwd')",
                                "COPY span TO '/tmp/x.csv'",
                                "ATTACH '/tmp/x.db'",
                                "PRAGMA database_list",
                                "SELECT 1; SELECT 2",
                                "CREATE TABLE x (i INT)",
                                "DROP VIEW span",
                                "SET threads = 8",
                                "INSTALL httpfs",
                                "LOAD httpfs",
                                "CALL enable_logging(storage = 'file')",
                                "EXPORT DATABASE '/tmp/x'",
                                "",
                                "-- nothing",
                                "WITH a AS (SELECT 1) DELETE FROM span",
                                "EXPLAIN SELECT 1",
                                "SELECT * FROM read_parquet('http://127.0.0.1/x')"}) {
    auto table = reader->sql(statement, {});
    EXPECT_FALSE(table.has_value()) << statement;
  }
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span"), "3") << "and goes on answering";
}

TEST(Sql, CutsRowsAndStopsInTime) {
  Store store;
  store.write({batch_of(1, 10)});
  auto reader = store.read();
  auto capped = reader->sql("SELECT * FROM span", {.max_rows = 7});
  ASSERT_TRUE(capped.has_value());
  EXPECT_EQ(capped.value().rows.size(), 7u);
  EXPECT_TRUE(capped.value().capped);
  auto whole = reader->sql("SELECT * FROM span", {.max_rows = 30});
  EXPECT_FALSE(whole.value().capped);
  auto endless =
      reader->sql("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b", {.timeout_ms = 500});
  ASSERT_FALSE(endless.has_value());
  EXPECT_NE(endless.error().message.find("500 ms"), std::string::npos) << endless.error().message;
  auto huge = reader->sql("SELECT list(range) FROM range(3000000000)", {.timeout_ms = 20'000});
  EXPECT_FALSE(huge.has_value());
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span"), "30") << "and goes on answering";
}

TEST(Sql, ShowsOfWhatChangesWhileItIsRecordedTheLastThatWasTold) {
  Store store;
  Batch early = generated_utf8_batch(7), late = generated_utf8_batch(7);
  Connection one, other;
  one.id = 4, one.requests = 1, one.bytes_sent = 10, other.id = 5;
  early.connections = {one};
  one.requests = 9, one.bytes_sent = 90;
  late.connections = {other, one};
  store.write({early, late});
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM connection"), "2");
  EXPECT_EQ(sql_value(*reader, "SELECT bytes_sent FROM connection WHERE id = 4"), "90");
}

TEST(Schema, EveryTableHasTheColumnsThatAreDocumented) {
  Store store;
  Batch batch = generated_utf8_batch(103);
  for (uint64_t seed = 104;
       batch.metrics.empty() || batch.hosts.empty() || batch.processes.empty() || batch.connections.empty() ||
       batch.logs.empty() || batch.resources.empty() || batch.ledger.empty() || batch.spans.empty();
       ++seed)
    batch = generated_utf8_batch(seed);
  store.write({batch});
  auto reader = store.read();
  for (const TableDoc& table : schema()) {
    auto described = reader->sql("SELECT * FROM (SELECT * FROM " + std::string(table.name) + ") LIMIT 0", {});
    ASSERT_TRUE(described.has_value()) << table.name << ": " << described.error().message;
    ASSERT_GE(described.value().columns.size(), table.columns.size()) << table.name;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      EXPECT_EQ(described.value().columns[i].name, table.columns[i].name) << table.name;
      std::string type = described.value().columns[i].type;
      EXPECT_TRUE(table.columns[i].type.starts_with(type.substr(0, type.find('['))))
          << table.name << "." << table.columns[i].name << " " << type;
    }
    if (table.name != "span") {
      EXPECT_EQ(described.value().columns.size(), table.columns.size()) << table.name;
    }
  }
}

}  // namespace
}  // namespace culprit
