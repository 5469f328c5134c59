#include "statement/redact.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

std::string command(std::string_view text) { return redact_command(text).text; }

TEST(Redact, MasksWhatFollowsAPasswordOption) {
  EXPECT_EQ(command("mysql -u root -phunter2 shop"), "mysql -u root -p? shop");
  EXPECT_EQ(command("app -p hunter2 --port 80"), "app -p ? --port 80");
  EXPECT_EQ(command("psql -p 5432 shop"), "psql -p 5432 shop");
  EXPECT_EQ(command("app --password hunter2 --password=hunter2 --db-password=x"),
            "app --password ? --password=? --db-password=?");
  EXPECT_EQ(command("env GITHUB_TOKEN=abc PGPASSWORD=hunter2 psql"), "env GITHUB_TOKEN=? PGPASSWORD=? psql");
  EXPECT_EQ(command("curl -u joe:hunter2 http://host/"), "curl -u joe:? http://host/");
  EXPECT_EQ(command("redis-cli -a hunter2"), "redis-cli -a ?");
}

TEST(Redact, KnowsWordsEndedByNul) {
  using namespace std::string_view_literals;
  EXPECT_EQ(command("curl\0-H\0Authorization: Bearer abc def\0http://h/\0"sv), "curl -H Authorization:? http://h/");
}

TEST(Redact, MasksUrls) {
  EXPECT_EQ(command("psql postgres://joe:hunter2@db:5432/shop"), "psql postgres://joe:?@db:5432/shop");
  EXPECT_EQ(command("curl https://h/a?x=1&token=2"), "curl https://h/a?x=?&token=?");
  EXPECT_EQ(command("psql \"host=db password=hunter2 user=joe\""), "psql \"host=db password=? user=joe\"");
}

TEST(Redact, KnowsTokensBySight) {
  EXPECT_EQ(command("x AKIAIOSFODNN7EXAMPLE"), "x ?");
  EXPECT_EQ(command("x ghp_16C7e42F292c6912E7710c838347Ae178B4a"), "x ?");
  EXPECT_EQ(command("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi"), "x ?");
  EXPECT_EQ(command("x 4111111111111111"), "x ?");
  EXPECT_EQ(command("x -----BEGIN PRIVATE KEY-----\nabc"), "x ?");
  EXPECT_TRUE(looks_secret("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"));
  EXPECT_TRUE(looks_secret("tR7xKq29LmZp4WvB8sYc3NdE"));
}

TEST(Redact, LeavesWordsAlone) {
  for (std::string_view plain :
       {"/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main",
        "postgres: shop shop 127.0.0.1(4711) idle", "java -Xmx4g -jar /opt/app/order-service-1.2.3-SNAPSHOT.jar",
        "nginx: worker process", "python3 -m http.server 8080", "node --max-old-space-size=4096 server.js"})
    EXPECT_EQ(command(plain), plain);
  EXPECT_FALSE(looks_secret("123e4567-e89b-12d3-a456-426614174000"));
  EXPECT_FALSE(looks_secret("CREATE_ORDER_FROM_SHOPPING_CART"));
  EXPECT_FALSE(looks_secret("getCustomerOrderHistoryByCountry"));
}

TEST(Redact, TargetsKeepNamesOnly) {
  Redacted target = redact_target("/orders/42?user=joe&debug&token=x#frag");
  EXPECT_EQ(target.text, "/orders/42?user=?&debug&token=?");
  EXPECT_EQ(target.count, 2u);
  EXPECT_EQ(redact_path("/reset/eyJhbGciOiJIUzI1NiJ9abc/x?y=1").text, "/reset/?/x");
  EXPECT_EQ(redact_path("/plain/path").text, "/plain/path");
}

}  // namespace
}  // namespace culprit
