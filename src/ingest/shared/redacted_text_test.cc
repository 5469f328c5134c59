#include "ingest/shared/redacted_text.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

TEST(RedactedText, KeepsNoMailAddress) {
  EXPECT_EQ(redacted_text("no user jane@example.org."), "no user ?");
  EXPECT_EQ(redacted_text("Key (email)=(jane.doe+x@mail.example.org) already exists"),
            "Key (email)=(?) already exists");
  EXPECT_EQ(redacted_text("<jörg@münchen.example>, root@db-1"), "<?>, ?");
  EXPECT_EQ(redacted_text("@decorator express@4.18.2 a @ b"), "@decorator express@4.18.2 a @ b");
}

TEST(RedactedText, KeepsNoSecretOfUrlsAndPaths) {
  EXPECT_EQ(redacted_text("GET https://alice:s3cr3t@shop.example/users/4711?token=x failed"),
            "GET https://?@shop.example/users/{id}?token=? failed");
  EXPECT_EQ(redacted_text("url=\"postgres://u:p@db/shop\""), "url=\"postgres://?@db/shop\"");
  EXPECT_EQ(redacted_text("at /home/jane/app.py:12"), "at ~/app.py:12");
}

TEST(RedactedText, KeepsNoValueOfAKeyThatNamesASecret) {
  EXPECT_EQ(redacted_text("login password=hunter2 ok"), "login password=? ok");
  EXPECT_EQ(redacted_text("password: hunter2, Authorization: Bearer abc"), "password: ?, Authorization: Bearer ?");
  EXPECT_EQ(redacted_text(R"({"password":"my old phrase","user":"x"})"), R"({"password":"?","user":"x"})");
  EXPECT_EQ(redacted_text(R"({"pin_token":1234,"n":5})"), R"({"pin_token":"?","n":5})");
  EXPECT_EQ(redacted_text("secret='it\\'s' rest"), "secret='?' rest");
  EXPECT_EQ(
      redacted_text(
          R"({"kvlistValue":{"values":[{"key":"password","value":{"stringValue":"x y"}},{"key":"n","value":{"intValue":"1"}}]}})"),
      R"({"kvlistValue":{"values":[{"key":"password","value":{"stringValue":"?"}},{"key":"n","value":{"intValue":"1"}}]}})");
  EXPECT_EQ(redacted_text(R"({"values":[{"key":"token","value":{"boolValue":true}}]})"),
            R"({"values":[{"key":"token","value":{"boolValue":"?"}}]})");
}

TEST(RedactedText, KeepsNoKeysAndLongNumbers) {
  EXPECT_EQ(redacted_text("used ghp_16C7e42F292c6912E7710c838347Ae178B4a once"), "used ? once");
  EXPECT_EQ(redacted_text("card 4111-1111-1111-1111 or 4111111111111111"), "card ? or ?");
}

TEST(RedactedText, LeavesOtherTextAsItIs) {
  for (const char* text : {"", "connection refused (111)", "GET /orders 500 in 12.5 ms", "a=b: c; \"d\"",
                           "12:00:01,5 [main] INFO {}", "max_tokens=12", "tokenise", "grüße"})
    EXPECT_EQ(redacted_text(text), text);
}

}  // namespace
}  // namespace culprit
