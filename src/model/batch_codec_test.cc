#include "model/batch_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "model/frame.h"
#include "model/generated_batch_testing.h"
#include "model/span_ids.h"

namespace culprit {
namespace {

// Two batches have equal encodings if and only if they are equal, because every field has a column.
std::string encoded(const Batch& batch) {
  auto bytes = encode_batch(batch);
  EXPECT_TRUE(bytes.has_value());
  return bytes.has_value() ? bytes.value() : std::string();
}

// A batch that counts as empty is not pushed: rows of a table that rows() does not know would be lost.
TEST(Batch, IsNotEmptyWithOneRowOfAnyTable){
#define TABLE(section, Row, member)                                                \
  {                                                                                \
    Batch batch;                                                                   \
    EXPECT_TRUE(batch.empty());                                                    \
    batch.member.emplace_back();                                                   \
    EXPECT_EQ(batch.empty(), std::string_view(#member) == "resources") << #member; \
  }
#include "model/tables.inc"
}

TEST(BatchCodec, ReturnsEveryGeneratedBatchAsItWas) {
  uint64_t first_seed = std::random_device()();
  SCOPED_TRACE("first seed " + std::to_string(first_seed));
  for (uint64_t seed = first_seed; seed < first_seed + 200; ++seed) {
    Batch batch = generated_batch(seed);
    auto decoded = decode_batch(encoded(batch));
    ASSERT_TRUE(decoded.has_value()) << "seed " << seed << ": " << decoded.error().message;
    const Batch& again = decoded.value();
    ASSERT_EQ(encoded(again), encoded(batch)) << "seed " << seed;
    ASSERT_EQ(again.resources, batch.resources) << "seed " << seed;
    ASSERT_EQ(again.thread_states, batch.thread_states) << "seed " << seed;
    ASSERT_EQ(again.spans.size(), batch.spans.size());
    for (size_t i = 0; i < batch.spans.size(); ++i) {
      ASSERT_EQ(again.spans[i].attributes, batch.spans[i].attributes) << "seed " << seed;
      ASSERT_EQ(again.spans[i].events, batch.spans[i].events) << "seed " << seed;
      ASSERT_EQ(again.spans[i].links, batch.spans[i].links) << "seed " << seed;
      ASSERT_EQ(again.spans[i].blockers, batch.spans[i].blockers) << "seed " << seed;
      ASSERT_EQ(again.spans[i].name, batch.spans[i].name);
      ASSERT_EQ(again.spans[i].start_ns, batch.spans[i].start_ns);
      ASSERT_EQ(again.spans[i].duration_ns, batch.spans[i].duration_ns);
      ASSERT_EQ(again.spans[i].received_ns, batch.spans[i].received_ns);
      ASSERT_EQ(again.spans[i].trace_id, batch.spans[i].trace_id);
      ASSERT_EQ(again.spans[i].parent_span_id, batch.spans[i].parent_span_id);
    }
  }
}

// Makes pairs of spans as a recorder does. The trace id consists of the recording's number and the root's span id.
Batch recorded_pairs(size_t pairs) {
  Batch batch;
  std::mt19937_64 random(2);
  int64_t at = 1'700'000'000'000'000'000;
  for (size_t i = 0; i < pairs; ++i) {
    Span client;
    client.span_id = random(), client.trace_id = {77, client.span_id};
    client.start_ns = at += static_cast<int64_t>(random() % 60'000), client.duration_ns = 50'000;
    client.received_ns = client.end_ns();
    Span server = client;
    server.span_id = random(), server.parent_span_id = client.span_id;
    server.start_ns += 10'000, server.duration_ns = 20'000, server.received_ns = server.end_ns();
    batch.spans.push_back(server);
    batch.spans.push_back(client);
  }
  return batch;
}

TEST(BatchCodec, TheIdsOfARecordersPairsAreHeldOnce) {
  Batch batch = recorded_pairs(500);
  std::string bytes = encoded(batch);
  auto decoded = decode_batch(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(encoded(decoded.value()), bytes);
  for (size_t i = 0; i < batch.spans.size(); ++i) {
    const Span &was = batch.spans[i], &is = decoded.value().spans[i];
    ASSERT_EQ(is.trace_id, was.trace_id);
    ASSERT_EQ(is.parent_span_id, was.parent_span_id);
    ASSERT_EQ(is.received_ns, was.received_ns);
  }
  EXPECT_LE(encode_frame(FrameHeader{}, batch).value().size(), batch.spans.size() * (8 + 6)) << "an id and a little";
}

TEST(SpanIds, AnywhereParentsAndSharedIdsComeBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    Batch batch;
    for (uint64_t i = 0; i < 1 + random() % 60; ++i) {
      Span span;
      span.span_id = random() % 40,
      span.parent_span_id = random() % 40;  // some ids are shared, some refer to no span, some to the span itself
      span.trace_id = {random() % 2, random() % 2 ? span.span_id : random() % 3};
      span.received_ns = random() % 2 ? 0 : INT64_MAX, span.duration_ns = random() % 3 ? 0 : INT64_MAX;
      span.waits[Wait::Running] = random() % 3 ? span.duration_ns : INT64_MIN;
      batch.spans.push_back(span);
    }
    auto decoded = decode_batch(encoded(batch));
    ASSERT_TRUE(decoded.has_value());
    for (size_t i = 0; i < batch.spans.size(); ++i) {
      ASSERT_EQ(decoded.value().spans[i].trace_id, batch.spans[i].trace_id) << "round " << round << ", row " << i;
      ASSERT_EQ(decoded.value().spans[i].parent_span_id, batch.spans[i].parent_span_id);
      ASSERT_EQ(decoded.value().spans[i].duration_ns, batch.spans[i].duration_ns);
      ASSERT_EQ(decoded.value().spans[i].received_ns, batch.spans[i].received_ns);
    }
  }
}

TEST(SpanIds, AParentsRowThatIsNoneIsRefused) {
  Span span;
  std::vector<Span*> rows{&span};
  for (int64_t ahead : {int64_t{-1}, int64_t{1}, INT64_MAX, INT64_MIN})
    EXPECT_FALSE(unpack_ids({.parent_ahead = {ahead}, .trace_low = {0}, .parent = {0}}, rows));
}

TEST(BatchCodec, KeepsZerosWhereAFieldBeginsWithSomethingElse) {
  Batch batch;
  batch.thread_states.push_back({.pid = 1,
                                 .tid = 1,
                                 .start_ns = 5,
                                 .duration_ns = 1,
                                 .state = Wait::Running,
                                 .syscall = 0,
                                 .waker_pid = 0,
                                 .waker_tid = 0,
                                 .span_id = 0});
  auto decoded = decode_batch(encoded(batch));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded.value().thread_states, batch.thread_states);
}

TEST(BatchCodec, SkipsSectionsAndColumnsOfALaterVersion) {
  Batch batch = generated_batch(7);
  std::string bytes = encoded(batch);
  bytes += std::string("\x63\x00\x05hello", 8);  // section 99, no rows, five bytes
  auto decoded = decode_batch(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(encoded(decoded.value()), encoded(batch));
}

TEST(BatchCodec, SurvivesEveryCutAndEveryFlippedByte) {
  std::string bytes = encoded(generated_batch(11));
  for (size_t length = 0; length < bytes.size(); length += 7)
    (void)decode_batch(std::string_view(bytes).substr(0, length));
  for (size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    (void)decode_batch(changed);
  }
}

TEST(BatchCodec, RefusesRowsThatNoBytesStandFor) {
  std::string bytes("\x03\xff\xff\x03\x01\x00", 6);  // section 3, 65,535 rows, one byte
  EXPECT_FALSE(decode_batch(bytes).has_value());
}

TEST(BatchCodec, ATextNamedByManyRowsCannotFillTheMemory) {
  Batch batch;
  Received row{.source = std::string(4 << 20, 'x'), .unit = "span", .n = 1};
  batch.received.assign(300, row);
  EXPECT_FALSE(encode_batch(batch).has_value()) << "1.2 GB of text must not fit into one frame";
}

TEST(Frame, ReturnsItsHeaderAndItsContent) {
  FrameHeader header{
      .sequence = 42, .identity = {.host_id = 7}, .monotonic_ns = -5, .wall_ns = 1'700'000'000'000'000'000};
  header.identity.run_id[3] = 9;
  auto bytes = encode_frame(header, generated_batch(3));
  ASSERT_TRUE(bytes.has_value());
  auto again = decode_frame_header(bytes.value());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again.value().sequence, 42u);
  EXPECT_EQ(again.value().identity, header.identity);
  EXPECT_EQ(again.value().monotonic_ns, -5);
  EXPECT_EQ(again.value().wall_ns, header.wall_ns);
  EXPECT_EQ(again.value().frame_length(), bytes.value().size());
  auto content = decode_frame_content(again.value(), bytes.value());
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content.value(), encoded(generated_batch(3)));
}

TEST(Frame, NoticesEveryFlippedBit) {
  std::string bytes = encode_frame(FrameHeader{}, generated_batch(5)).value();
  for (size_t bit = 0; bit < bytes.size() * 8; bit += bit < kFrameHeaderLength * 8 ? 1 : 37) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    auto header = decode_frame_header(changed);
    if (!header.has_value()) continue;
    EXPECT_FALSE(decode_frame_content(header.value(), changed).has_value()) << "bit " << bit;
  }
}

TEST(Frame, AThreadStateTakesAFewBytes) {
  Batch batch;
  std::mt19937_64 random(1);
  int64_t at = 1'700'000'000'000'000'000;
  for (int i = 0; i < 50'000; ++i) {
    at += static_cast<int64_t>(random() % 4000);
    int32_t thread = static_cast<int32_t>(random() % 16);
    batch.thread_states.push_back({.pid = 4000 + thread,
                                   .tid = 4000 + thread,
                                   .start_ns = at,
                                   .duration_ns = static_cast<int64_t>(random() % 60'000),
                                   .state = static_cast<Wait>(i % 3),
                                   .syscall = -1,
                                   .waker_pid = 0,
                                   .waker_tid = 0,
                                   .span_id = 0});
  }
  size_t size = encode_frame(FrameHeader{}, batch).value().size();
  EXPECT_LE(static_cast<double>(size) / 50'000, 8.0);
}

}  // namespace
}  // namespace culprit
