#include "capture/host/process_table.h"

#include <gtest/gtest.h>

namespace culprit::capture {
namespace {

ProcessFacts facts(std::string executable, std::vector<std::string> command, std::string cgroup = "/") {
  ProcessFacts facts;
  facts.found = true;
  facts.executable = executable;
  facts.name = executable.substr(executable.rfind('/') + 1, 15);
  facts.command = std::move(command);
  facts.cgroup = std::move(cgroup);
  return facts;
}

TEST(ServiceName, OfAnInterpreterIsItsScript) {
  EXPECT_EQ(service_name(facts("/usr/bin/python3.11", {"python3", "-u", "/srv/app.py", "--port", "1"})), "app.py");
  EXPECT_EQ(service_name(facts("/usr/bin/node", {"node", "--require", "./x.js", "server.js"})), "server.js");
  EXPECT_EQ(service_name(facts("/usr/bin/java", {"java", "-cp", "a:b", "-jar", "/opt/shop.jar"})), "shop.jar");
  EXPECT_EQ(service_name(facts("/usr/bin/python3.11", {"python3", "-m", "http.server"})), "http.server");
}

TEST(ServiceName, OfEveryProcessOfAPostgresServerIsPostgresql) {
  EXPECT_EQ(service_name(facts("/usr/lib/postgresql/15/bin/postgres", {"postgres: shop shop 127.0.0.1(4711) idle"})),
            "postgresql");
}

TEST(ServiceName, IsTheUnitOfAServiceButNotThatOfALogin) {
  EXPECT_EQ(service_name(facts("/opt/orders/bin/main", {"main"}, "/system.slice/orders.service")), "orders");
  EXPECT_EQ(service_name(facts("/opt/orders/bin/main", {"main"}, "/system.slice/ssh.service")), "main");
}

TEST(ServiceName, IsWhatTheProgramSaysOfItself) {
  ProcessFacts said = facts("/usr/bin/python3", {"python3", "app.py"});
  said.service = "orders-api";
  EXPECT_EQ(service_name(said), "orders-api");
}

TEST(ServiceName, IsNotCutWhereTheExecutableTellsItInFull) {
  EXPECT_EQ(service_name(facts("/opt/a-very-long-program-name", {"x"})), "a-very-long-program-name");
}

}  // namespace
}  // namespace culprit::capture
