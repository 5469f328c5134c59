#include "ingest/shared/ids.h"

#include <gtest/gtest.h>

#include "ingest/shared/span_names.h"

namespace culprit {
namespace {

TEST(Ids, AreReadInEveryForm) {
  TraceId id{0x0af7651916cd43dd, 0x8448eb211c80319c};
  for (std::string_view text : {"0AF7651916cd43dd8448eb211c80319c", "0x0af7651916cd43dd8448eb211c80319c",
                                "0af76519-16cd-43dd-8448-eb211c80319c", "CvdlGRbNQ92ESOshHIAxnA=="}) {
    EXPECT_EQ(read_trace_id(text, IdLength::Whole).id, id) << text;
    EXPECT_FALSE(read_trace_id(text, IdLength::Whole).hashed) << text;
  }
  EXPECT_EQ(read_span_id("t61rcWkgMzE=", IdLength::Whole).id, 0xb7ad6b7169203331u);
  EXPECT_EQ(read_span_id("0x1f", IdLength::Whole).id, 0x1fu);
}

TEST(Ids, OfTheWrongLengthAreNone) {
  EXPECT_FALSE(read_trace_id("80319c", IdLength::Whole).id);
  EXPECT_EQ(read_trace_id("80319c", IdLength::Trimmed).id, (TraceId{0, 0x80319c}));
  EXPECT_FALSE(read_trace_id(std::string(33, 'a'), IdLength::Trimmed).id);
  EXPECT_FALSE(read_span_id(std::string(17, 'a'), IdLength::Trimmed).id);
}

TEST(Ids, OfNothingButZerosAreZero) {
  for (std::string_view text : {"", "0", "0000000000000000", "00000000000000000000000000000000"}) {
    EXPECT_EQ(read_trace_id(text, IdLength::Whole).id, TraceId{}) << text;
    EXPECT_EQ(read_span_id(text, IdLength::Whole).id, 0u) << text;
  }
}

TEST(Ids, OfOtherTextAreItsHash) {
  for (std::string_view text : {"order/17", "zz", "0x", "-", "abc-def", "CvdlGRbNQ92ESOshHIAxn", "\xff"}) {
    auto trace = read_trace_id(text, IdLength::Whole);
    auto span = read_span_id(text, IdLength::Trimmed);
    EXPECT_TRUE(trace.hashed && span.hashed) << text;
    EXPECT_FALSE(trace.id->zero());
    EXPECT_EQ(trace.id, read_trace_id(text, IdLength::Trimmed).id);
    EXPECT_NE(span.id, read_span_id(std::string(text) + "x", IdLength::Trimmed).id);
  }
}

TEST(SpanNames, AreReadInEverySpelling) {
  EXPECT_EQ(span_kind_of("SPAN_KIND_PRODUCER"), SpanKind::Producer);
  EXPECT_EQ(span_kind_of("SpanKind.INTERNAL"), SpanKind::Internal);
  EXPECT_EQ(span_kind_of("consumer"), SpanKind::Consumer);
  EXPECT_FALSE(span_kind_of("SPAN_KIND_"));
  EXPECT_EQ(span_status_of("StatusCode.ERROR"), SpanStatus::Error);
  EXPECT_EQ(severity_of("SEVERITY_NUMBER_FATAL4"), 24);
  EXPECT_EQ(severity_of("Warning"), 13);
  EXPECT_FALSE(severity_of("loud"));
}

TEST(Rfc3339, IsReadWithAnyOffset) {
  EXPECT_EQ(rfc3339_ns("2026-01-01T00:00:00Z"), 1767225600000000000);
  EXPECT_EQ(rfc3339_ns("2026-01-01T01:30:00.000000001+01:30"), 1767225600000000001);
  EXPECT_EQ(rfc3339_ns("2025-12-31 19:00:00,5 -0500"), 1767225600500000000);
  EXPECT_EQ(rfc3339_ns("2026-01-01T00:00:00.1234567899Z"), 1767225600123456789);
  for (std::string_view text :
       {"", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00X", "-026-01-01T00:00:00Z", "9999-01-01T00:00:00Z"})
    EXPECT_FALSE(rfc3339_ns(text)) << text;
}

}  // namespace
}  // namespace culprit
