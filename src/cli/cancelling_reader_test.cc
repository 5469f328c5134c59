#include "cli/cancelling_reader.h"

#include <gtest/gtest.h>

#include "store/interface/open.h"

namespace culprit::cli {
namespace {

Batch traces(int count) {
  Batch batch;
  for (int i = 1; i <= count; ++i) {
    Span& span = batch.spans.emplace_back();
    span.trace_id = TraceId{0, static_cast<uint64_t>(i)};
    span.span_id = 1;
    span.start_ns = i;
    span.duration_ns = 1;
    span.name = "a";
  }
  return batch;
}

TEST(CancellingReader, EndsBetweenTraces) {
  CancelToken token;
  auto reader = until_cancelled(open_memory({traces(10)}).value(), token);
  int seen = 0;
  auto whole = reader->for_each_trace(INT64_MIN, INT64_MAX, [&](Trace) {
    if (++seen == 3) token.request();
    return true;
  });
  EXPECT_EQ(seen, 3);
  ASSERT_FALSE(whole.has_value());
  EXPECT_EQ(whole.error().kind, Error::Kind::Cancelled);
  EXPECT_FALSE(reader->logs().has_value());
  EXPECT_FALSE(reader->account().has_value());
  EXPECT_FALSE(reader->sql("SELECT 1", {}).has_value());
}

TEST(CancellingReader, IsTheReaderOtherwise) {
  CancelToken token;
  auto reader = until_cancelled(open_memory({traces(2)}).value(), token);
  int seen = 0;
  EXPECT_TRUE(reader->for_each_trace(INT64_MIN, INT64_MAX, [&](Trace) { return ++seen < 1; }).has_value());
  EXPECT_EQ(seen, 1) << "a visitor that has enough is no request to stop";
  EXPECT_TRUE(reader->trace(TraceId{0, 2}).value().has_value());
}

}  // namespace
}  // namespace culprit::cli
