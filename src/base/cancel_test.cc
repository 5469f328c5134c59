#include "base/cancel.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace culprit {
namespace {

CancelToken token_of_the_handler;

TEST(CancelToken, IsRequestedFromASignalHandler) {
  EXPECT_TRUE(check_cancelled(nullptr).has_value());
  EXPECT_TRUE(check_cancelled(&token_of_the_handler).has_value());
  struct sigaction action = {}, before = {};
  action.sa_handler = [](int) { token_of_the_handler.request(); };
  sigaction(SIGUSR1, &action, &before);
  raise(SIGUSR1);
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(token_of_the_handler.requested());
  auto result = check_cancelled(&token_of_the_handler);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, Error::Kind::Cancelled);
}

}  // namespace
}  // namespace culprit
