#include "capture/host/process_table.h"

#include <gtest/gtest.h>

#include <map>

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

// Stands for /proc of a machine with these processes.
class Proc : public HostView {
 public:
  ProcessFacts process(int32_t pid) override { return processes.contains(pid) ? processes.at(pid) : ProcessFacts{}; }
  bool alive(int32_t pid) override { return processes.contains(pid); }
  std::vector<uint16_t> listening_ports() override { return {}; }
  SocketAddress near_end(int32_t, const SocketAddress&) override { return {}; }
  std::vector<CpuTimes> cpu_times() override { return times; }
  int64_t throttled_ns(int32_t) override { return 0; }
  int64_t busy_ns() override { return 0; }
  HostInfo host() override { return {}; }

  std::map<int32_t, ProcessFacts> processes;
  std::vector<CpuTimes> times;
};

TEST(Processes, AnInterpretersNameIsThatOfItsScript) {
  Proc proc;
  proc.processes[1] = facts("/usr/bin/python3.11", {"python3", "/srv/thumbs.py"});
  proc.processes[1].name = "python3";
  proc.processes[2] = facts("/usr/bin/node", {"node", "server.js"});
  proc.processes[2].name = "MainThread";
  proc.processes[3] = facts("/usr/bin/python3.11", {"python3", "/usr/local/bin/a-script-of-a-long-name"});
  proc.processes[3].name = "a-script-of-a-l";
  proc.processes[4] = facts("/usr/bin/python3.11", {"python3", "worker.py"});
  proc.processes[4].name = "worker 7";  // the process sets its own name
  Processes table(proc);
  EXPECT_EQ(table.at(1).row.name, "thumbs.py");
  EXPECT_EQ(table.at(2).row.name, "server.js");
  EXPECT_EQ(table.at(3).row.name, "a-script-of-a-long-name");
  EXPECT_EQ(table.at(4).row.name, "worker 7");
  table.forked(5, 1, "python3", 1);
  EXPECT_EQ(table.at(5).row.name, "thumbs.py");
  EXPECT_EQ(table.at(5).row.service, "thumbs.py");
  table.executed(5, "java", "/usr/bin/java");  // it ends before /proc can be read
  EXPECT_EQ(table.at(5).row.name, "java");
}

TEST(Processes, HomeDirectoriesAreCut) {
  Proc proc;
  proc.processes[1] = facts("/home/jane/shop/bin/shop", {"shop"});
  proc.processes[2] = facts("/root/shop", {"shop"});
  proc.processes[3] = facts("/opt/home/shop", {"shop"});
  Processes table(proc);
  EXPECT_EQ(table.at(1).row.executable, "~/shop/bin/shop");
  EXPECT_EQ(table.at(2).row.executable, "~/shop");
  EXPECT_EQ(table.at(3).row.executable, "/opt/home/shop");
}

TEST(Processes, OfAStrangerOnlyNameAndNumberLeave) {
  Proc proc;
  for (int32_t pid : {1, 2}) {
    proc.processes[pid] = facts("/usr/bin/python3.11", {"python3", "/srv/thumbs.py", "--owner", "jane"}, "/jane.slice");
    proc.processes[pid].name = "python3";
  }
  Processes table(proc);
  table.begin_cpu_times();
  table.at(1).row.recorded = true;
  proc.times = {{.pid = 2, .started_ns = 1, .running_ns = 5'000'000'000}};
  table.end_cpu_times();
  const auto rows = table.take_changed("host");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].command.empty());
  EXPECT_EQ(rows[1].name, "thumbs.py");
  EXPECT_EQ(rows[1].running_ns, 5'000'000'000);
  EXPECT_EQ(rows[1].command + rows[1].executable + rows[1].cgroup, "");
}

}  // namespace
}  // namespace culprit::capture
