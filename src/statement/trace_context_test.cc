#include "statement/trace_context.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, IsReadStrictly) {
  auto context = parse_traceparent(kParent);
  ASSERT_TRUE(context);
  EXPECT_EQ(to_hex(context->trace_id), "0af7651916cd43dd8448eb211c80319c");
  std::string parent(kParent);
  EXPECT_FALSE(parse_traceparent(parent.substr(1)));
  EXPECT_FALSE(parse_traceparent(parent + "-x"));
  EXPECT_TRUE(parse_traceparent("01" + parent.substr(2) + "-x"));
  EXPECT_FALSE(parse_traceparent("ff" + parent.substr(2)));
  EXPECT_FALSE(parse_traceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
}

TEST(TraceContext, IsFoundInAComment) {
  auto context = trace_context_of_comment(
      "/*db_driver='x',traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',tracestate='a%3D1'*/");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_state, "a=1");
  EXPECT_FALSE(trace_context_of_comment("/* traceparent=x */"));
}

}  // namespace
}  // namespace culprit
