// Tests module ask with a real server; they are here because demo can start one. They need root and PostgreSQL, and are
// skipped with a message otherwise.
#include "demo/postgres.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "ask/ask.h"
#include "ask/postmaster.h"
#include "ask/session.h"
#include "demo/place.h"

namespace culprit::demo {

namespace {

constexpr int kSqlMs = 20'000;

class PrivateServer : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: starting PostgreSQL as its own user needs root";
    auto programs = find_postgres_programs();
    if (!programs.has_value()) GTEST_SKIP() << "SKIPPED: " << programs.error().message;
    auto user = find_user("postgres");
    ASSERT_TRUE(user.has_value());
    auto place = Place::make();
    ASSERT_TRUE(place.has_value()) << place.error().message;
    place_.emplace(std::move(place).value());
    auto server = Postgres::start(place_->path(), programs.value(), user.value());
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_.emplace(std::move(server).value());
    user_ = user.value();
    sql("CREATE TABLE things (id int PRIMARY KEY, owner int, name text)");
    sql("INSERT INTO things SELECT g, g % 1000, 'thing' FROM generate_series(1, 20000) g");
    sql("ANALYZE");
    auto inquiry = ask::make_inspector({"", {server_->data_directory()}});
    ASSERT_TRUE(inquiry.has_value());
    inquiry_ = std::move(inquiry).value();
  }

  void sql(const std::string& text) {
    auto done = server_->run_sql("shop", text, kSqlMs);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  // A session that stays open, so that its database is in use.
  Child session(const std::string& text) {
    auto child = server_->start_sql("shop", text);
    EXPECT_TRUE(child.has_value());
    return child.has_value() ? std::move(child).value() : Child();
  }

  Interrupts interrupts_;
  std::optional<Place> place_;
  std::optional<Postgres> server_;
  User user_;
  std::unique_ptr<DatabaseInspector> inquiry_;
};

TEST_F(PrivateServer, TellsWhoHoldsTheRowThatOthersWaitFor) {
  Child holder = session("UPDATE things SET name = 'secret-1' WHERE id = 7; SELECT pg_sleep(20)");
  ASSERT_TRUE(pause_for(300).has_value());
  Child first = session("UPDATE things SET name = 'secret-2' WHERE id = 7");
  ASSERT_TRUE(pause_for(200).has_value());
  Child second = session("UPDATE things SET name = 'secret-3' WHERE id = 7");
  std::vector<LockWait> waits;
  for (int i = 0; i < 50 && waits.size() < 2; ++i) {
    auto asked = inquiry_->lock_waits();
    ASSERT_TRUE(asked.has_value());
    waits = asked.value();
    ASSERT_TRUE(pause_for(100).has_value());
  }
  ASSERT_EQ(waits.size(), 2u);
  std::string instance = "127.0.0.1:" + std::to_string(server_->port()) + "/shop";
  EXPECT_EQ(waits[0].holder_pid, waits[1].holder_pid)
      << "the second waits for the first, but the holder is who blocks both";
  EXPECT_NE(waits[0].waiter_pid, waits[1].waiter_pid);
  for (const LockWait& wait : waits) {
    EXPECT_EQ(wait.instance, instance);
    EXPECT_EQ(wait.relation, "things");
    EXPECT_EQ(wait.holder_program, "psql");
    EXPECT_EQ(wait.waiter_statement, "UPDATE things SET name = ? WHERE id = ?");
    EXPECT_GT(wait.held_ns, wait.waited_ns);
    EXPECT_EQ(wait.holder_statement.find("secret"), std::string::npos);
  }
}

TEST_F(PrivateServer, PlansWithoutRunning) {
  Child user = session("SELECT pg_sleep(20)");
  ASSERT_TRUE(pause_for(300).has_value());
  auto plan = inquiry_->plan("SELECT * FROM things WHERE owner = ? ORDER BY name LIMIT ?",
                             "127.0.0.1:" + std::to_string(server_->port()) + "/shop");
  ASSERT_TRUE(plan.has_value());
  ASSERT_TRUE(plan.value().known) << plan.value().unknown_why;
  EXPECT_EQ(plan.value().summary, "Seq Scan on things (filter: (owner = $1))");
  EXPECT_EQ(plan.value().filter_columns, (std::vector<std::string>{"owner"}));
  EXPECT_EQ(plan.value().rows_read, 20'000);
  EXPECT_EQ(plan.value().indexes.size(), 1u);
  EXPECT_GT(plan.value().relation_bytes, 500'000);

  auto deletion = inquiry_->plan("DELETE FROM things WHERE id = ?", "");
  EXPECT_TRUE(deletion.value().known) << deletion.value().unknown_why;
  auto count = server_->ask("shop", "SELECT count(*) FROM things");
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count.value(), "20000");

  auto unknown = inquiry_->plan("SELECT * FROM nothing WHERE a = ?", "");
  EXPECT_FALSE(unknown.value().known);
  EXPECT_EQ(unknown.value().unknown_why, "relation \"nothing\" does not exist");
}

TEST_F(PrivateServer, FindsTablesInOtherSchemas) {
  sql("CREATE SCHEMA stores");
  sql("CREATE TABLE stores.shelves (id int, place text)");
  Child user = session("SELECT pg_sleep(20)");
  ASSERT_TRUE(pause_for(300).has_value());
  auto plan = inquiry_->plan("SELECT * FROM shelves WHERE place = ?", "");
  ASSERT_TRUE(plan.value().known) << plan.value().unknown_why;
  EXPECT_EQ(plan.value().relation, "stores.shelves");
}

// The process that speaks with the server has the server's user, no capability, no file, and no way to get one.
TEST_F(PrivateServer, IsAskedByAHelperWithTheServersUserAndNothingElse) {
  ASSERT_NE(user_.uid, 0u);
  Child open_session = session("SELECT pg_sleep(20)");  // its database is in use
  // The server is asked again until the session has connected.
  std::vector<pid_t> children;
  for (int i = 0; i < 100 && children.size() < 2; ++i) {
    usleep(50'000);
    ASSERT_TRUE(inquiry_->lock_waits().has_value());
    std::ifstream file("/proc/self/task/" + std::to_string(gettid()) + "/children");
    children.assign(std::istream_iterator<pid_t>(file), {});
  }
  int helpers = 0;
  for (pid_t pid : children) {
    const std::string directory = "/proc/" + std::to_string(pid);
    std::ifstream file(directory + "/status");
    const std::string status((std::istreambuf_iterator<char>(file)), {});
    if (status.find("Seccomp:\t2") == std::string::npos) continue;
    ++helpers;
    const std::string uid = std::to_string(user_.uid);
    EXPECT_NE(status.find("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid + "\n"), std::string::npos) << status;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
      EXPECT_NE(status.find(std::string(set) + ":\t0000000000000000\n"), std::string::npos) << status;
    EXPECT_NE(status.find("NoNewPrivs:\t1\n"), std::string::npos) << status;
    std::unique_ptr<DIR, int (*)(DIR*)> descriptors(opendir((directory + "/fd").c_str()), closedir);
    ASSERT_TRUE(descriptors != nullptr);
    while (const dirent* entry = readdir(descriptors.get())) {
      if (entry->d_name[0] == '.') continue;
      char target[256] = {};
      (void)!readlink((directory + "/fd/" + entry->d_name).c_str(), target, sizeof target - 1);
      const std::string_view name = target;
      EXPECT_TRUE(name == "/dev/null" || name.starts_with("socket:")) << name;
    }
  }
  EXPECT_GE(helpers, 1);
}

TEST_F(PrivateServer, IsAskedReadOnlyAndWithALimit) {
  ask::Login login;
  login.parameters = {{"host", place_->path() + "/run"},
                      {"port", std::to_string(server_->port())},
                      {"dbname", "shop"},
                      {"user", "postgres"}};
  for (const ask::Postmaster& postmaster : ask::find_postmasters())
    if (postmaster.data_directory == server_->data_directory())
      login.peer = ask::Peer{postmaster.pid, postmaster.uid, postmaster.gid};
  ASSERT_TRUE(login.peer.has_value());
  auto session = ask::Session::open(login);
  ASSERT_TRUE(session.has_value()) << session.error().message;
  ask::Reply write = session.value().run("CREATE TABLE mine (id int)", 0);
  ASSERT_TRUE(write.failure.has_value());
  EXPECT_EQ(write.failure->state, "25006");  // read_only_sql_transaction
  ask::Reply slow = session.value().run("SELECT pg_sleep(10)", 1);
  ASSERT_TRUE(slow.failure.has_value());
  EXPECT_EQ(slow.failure->state, "57014");  // query_canceled
  EXPECT_EQ(geteuid(), 0u) << "this thread has its rights back";
}

}  // namespace

}  // namespace culprit::demo
