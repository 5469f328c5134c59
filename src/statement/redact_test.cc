#include "statement/redact.h"

#include <gtest/gtest.h>

#include <string>

namespace culprit {
namespace {

std::string command(std::string_view text) { return redact_command(text).text; }

TEST(Redact, KeepsOfOptionsWhatIsKnownToBeHarmless) {
  EXPECT_EQ(command("mysql -u root -phunter2 shop"), "mysql -u ? -p? ?");
  EXPECT_EQ(command("app -p hunter2 --port 80"), "app -p ? --port 80");
  EXPECT_EQ(command("psql -p 5432 shop"), "psql -p 5432 ?");
  EXPECT_EQ(command("sshpass -p 12345 ssh"), "sshpass -p ? ?");
  EXPECT_EQ(command("app --password hunter2 --password=hunter2 --db-password=1234"),
            "app --password ? --password=? --db-password=?");
  EXPECT_EQ(command("redis-server *:6379 --requirepass x --maxmemory 2gb"),
            "redis-server *:6379 --requirepass ? --maxmemory 2gb");
  EXPECT_EQ(command("curl -ualice:x --data secret --max-time 5"), "curl -u? --data ? --max-time 5");
  EXPECT_EQ(command("env GITHUB_TOKEN=abc PGPASSWORD=hunter2 THREADS=4"), "env GITHUB_TOKEN=? PGPASSWORD=? THREADS=4");
  EXPECT_EQ(command("redis-cli -a hunter2"), "redis-cli -a ?");
  EXPECT_EQ(command("htpasswd -b alice wonderland"), "htpasswd -b ? ?");
  EXPECT_EQ(command("psql \"host=db password=hunter2 user=joe\""), "psql ? password=? user=?");
}

TEST(Redact, KnowsWordsEndedByNul) {
  using namespace std::string_view_literals;
  EXPECT_EQ(command("curl\0-H\0Authorization: Bearer abc def\0http://h/\0"sv), "curl -H ? http://h/");
  EXPECT_EQ(command("nginx: worker process\0"sv), "nginx: worker process");
  EXPECT_EQ(command("sshd: jane@pts/0\0"sv), "sshd: ?");
}

TEST(Redact, UrlsAndPathsBecomeTemplates) {
  EXPECT_EQ(command("psql postgres://joe:hunter2@db:5432/shop"), "psql postgres://?@db:5432/shop");
  EXPECT_EQ(command("curl https://h/a?x=1&token=2"), "curl https://h/a?");
  EXPECT_EQ(command("python3 /home/jane/shop/app.py --port 80"), "python3 ~/shop/app.py --port 80");
  EXPECT_EQ(command("/root/bin/app --config /etc/app/app.toml"), "~/bin/app --config /etc/app/app.toml");
  EXPECT_EQ(command("cat /data/9f8Ab2kQ7x/notes.txt"), "cat /data/{id}/notes.txt");
}

TEST(Redact, FilesKeepNoHome) {
  EXPECT_EQ(redact_file("/home/jane/bin/app").text, "~/bin/app");
  EXPECT_EQ(redact_file("/root/x").text, "~/x");
  EXPECT_EQ(redact_file("/usr/lib/postgresql/15/bin/postgres").text, "/usr/lib/postgresql/15/bin/postgres");
  EXPECT_EQ(redact_file("/usr/bin/python3.11 (deleted)").text, "/usr/bin/python3.11 (deleted)");
  EXPECT_EQ(redact_file("/usr/lib/x86_64-linux-gnu/ld.so").text, "/usr/lib/x86_64-linux-gnu/ld.so");
}

TEST(Redact, KeepsNoTokens) {
  for (std::string_view secret : {"AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
                                  "4111111111111111", "hunter2", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi"})
    for (std::string_view before :
         {"x ", "x -t ", "x --name ", "x --name=", "x NAME=", "x --", "x -q", "x /srv/", "x http://h/?"}) {
      std::string kept = command(std::string(before) + std::string(secret));
      if (before == "x /srv/" && secret == "hunter2") continue;  // could be a word of a path
      if (before == "x --" && secret == "hunter2") continue;     // could be the name of an option
      EXPECT_EQ(kept.find(secret), std::string::npos) << before << secret << ": " << kept;
    }
  EXPECT_TRUE(looks_secret("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"));
  EXPECT_TRUE(looks_secret("tR7xKq29LmZp4WvB8sYc3NdE"));
}

TEST(Redact, LeavesWordsAlone) {
  for (std::string_view plain :
       {"/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main",
        "java -Xmx4g -jar /opt/app/order-service-1.2.3-SNAPSHOT.jar", "nginx: worker process",
        "python3 -m http.server 8080", "node --max-old-space-size=4096 server.js", "culprit record --for 5s"})
    EXPECT_EQ(command(plain), plain);
  EXPECT_FALSE(looks_secret("123e4567-e89b-12d3-a456-426614174000"));
  EXPECT_FALSE(looks_secret("CREATE_ORDER_FROM_SHOPPING_CART"));
  EXPECT_FALSE(looks_secret("getCustomerOrderHistoryByCountry"));
}

TEST(PathTemplate, OfBrokenUtf8IsATemplateAlready) {
  const std::string once = path_template("\xff\xea\xea\xea\xea\xea\xea\xea\xff\xff\xee\xff\xea\xea").text;
  EXPECT_EQ(path_template(once).text, once);
}

TEST(PathTemplate, TellsWordsFromIds) {
  for (std::string_view id : {"42", "jane@example.org", "9f8Ab2kQ7x", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                              "2024-02-29", "deadbeef01", "jane%40x.org", "dGVzdA==", "507f1f77bcf86cd799439011",
                              "+4917012345", "AbQxZtRkWp", "x.y@z", "a=b", "~jane", "10.0.0.7"})
    EXPECT_TRUE(identifies(id)) << id;
  for (std::string_view word :
       {"orders", "v1", "v2beta1", "oauth2", "app.css", "getCustomerById", "order-items", "utf8", "favicon.ico",
        "index.html", "größe", "en-US", "base64", "user_profiles", "robots.txt", "projects:batchGet", "{id}"})
    EXPECT_FALSE(identifies(word)) << word;
  EXPECT_EQ(path_template("/users/jane@example.org/reset/9f8Ab2kQ7x?token=1").text, "/users/{id}/reset/{id}");
  EXPECT_EQ(path_template("/map;lat=50;long=20/tiles/7").text, "/map;{id}/tiles/{id}");
  EXPECT_EQ(path_template(path_template("/a;b=c/17.png").text).text, "/a;{id}/{id}.png");
  EXPECT_EQ(path_template("/").text, "/");
}

TEST(Redact, TargetsKeepNamesOnly) {
  Redacted target = redact_target("/orders/42?user=joe&debug&token=x#frag");
  EXPECT_EQ(target.text, "/orders/{id}?user=?&debug&token=?");
  EXPECT_EQ(target.count, 3u);
  EXPECT_EQ(redact_path("/reset/eyJhbGciOiJIUzI1NiJ9abc/x?y=1").text, "/reset/{id}/x");
  EXPECT_EQ(redact_path("/plain/path").text, "/plain/path");
}

}  // namespace
}  // namespace culprit
