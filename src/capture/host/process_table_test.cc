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
  std::string cpus_allowed(int32_t pid) override { return pid == 1 ? "1" : "0-1"; }
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

// More processes than the table holds: ended processes are removed first, and no row is lost.
TEST(Processes, OfMoreThanTheLimitThoseThatEndedGoAndTheirRowsStay) {
  Proc proc;
  Processes processes(proc, 100);
  proc.processes[1] = facts("/usr/sbin/forker", {"forker"});
  std::map<int32_t, Process> rows;
  for (int32_t pid = 1000; pid < 3000; ++pid) {
    processes.at(1);
    processes.forked(pid, 1, "child", pid);
    if (pid % 100 != 0) processes.exited(pid, 0, pid + 1);  // twenty processes stay
    EXPECT_LE(processes.size(), 101u);
    if (pid % 250 == 0)
      for (Process& row : processes.take_changed("h")) rows[row.pid] = row;
  }
  for (Process& row : processes.take_changed("h")) rows[row.pid] = row;
  EXPECT_EQ(rows.size(), 2000u);  // all but the process outside the scope
  for (int32_t pid = 1000; pid < 3000; pid += 100) EXPECT_NE(processes.find(pid), nullptr) << pid;
  for (const auto& [pid, row] : rows) {
    if (pid % 100 != 0) {
      EXPECT_EQ(row.exited_ns, pid + 1) << pid;
    }
  }
}

// All processes live: those not used for the longest time are removed, and are read again when needed.
TEST(Processes, OfMoreThanTheLimitThatLiveTheIdleOnesGo) {
  Proc proc;
  Processes processes(proc, 100);
  for (int32_t pid = 1; pid <= 1000; ++pid) proc.processes[pid] = facts("/bin/p" + std::to_string(pid), {"p"});
  for (int32_t pid = 1; pid <= 1000; ++pid) {
    processes.at(pid);
    EXPECT_EQ(processes.at(7 <= pid ? 7 : pid).known, true);
    EXPECT_LE(processes.size(), 101u);
  }
  EXPECT_NE(processes.find(7), nullptr);
  EXPECT_EQ(processes.find(8), nullptr);
  EXPECT_EQ(processes.at(8).row.name, "p8");
}

TEST(Processes, OfAStrangerThatIsBlamedOnlyNameAndNumberLeave) {
  Proc proc;
  for (int32_t pid : {1, 2, 3}) {
    proc.processes[pid] = facts("/usr/bin/python3.11", {"python3", "/srv/thumbs.py", "--owner", "jane"}, "/jane.slice");
    proc.processes[pid].name = "python3";
    proc.processes[pid].parent_pid = 77;
    proc.processes[pid].service = "jane-shop";
    proc.times.push_back({.pid = pid, .started_ns = 1, .running_ns = 5'000'000'000});
  }
  Processes table(proc);
  table.at(1).row.recorded = true;
  table.at(3);  // it was used: it woke a thread
  table.blame(2);
  table.end_cpu_times();
  const auto rows = table.take_changed("host");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].command.empty());
  EXPECT_EQ(rows[0].cpus_allowed, "1");
  EXPECT_EQ(rows[1].cpus_allowed, "");
  EXPECT_EQ(rows[1].pid, 2);
  EXPECT_EQ(rows[1].name, "thumbs.py");
  EXPECT_EQ(rows[1].running_ns, 5'000'000'000);
  EXPECT_EQ(rows[1].parent_pid, 0);
  EXPECT_EQ(rows[1].command + rows[1].executable + rows[1].cgroup + rows[1].service, "");
  EXPECT_TRUE(table.take_changed("host").empty());
}

// A busy process outside the scope has no row if no request waited for it, however much CPU it took.
TEST(Processes, OfAStrangerThatIsNotBlamedNothingLeaves) {
  Proc proc;
  proc.processes[2] = facts("/usr/bin/burn", {"burn", "--for", "jane"});
  Processes table(proc);
  table.begin_cpu_times();
  proc.times = {{.pid = 2, .started_ns = 1, .running_ns = 50'000'000'000}};
  table.end_cpu_times();
  EXPECT_TRUE(table.take_changed("host").empty());
}

// It gets a row when a request waits for it.
TEST(Processes, AStrangerIsNamedOnceItIsBlamed) {
  Proc proc;
  proc.processes[2] = facts("/usr/bin/burn", {"burn"});
  Processes table(proc);
  table.at(2);
  EXPECT_TRUE(table.take_changed("host").empty());
  table.blame(2);
  EXPECT_EQ(table.take_changed("host").at(0).name, "burn");
}

// No event reports the end of a process outside the scope: its pid may be reused within a second, and both processes
// are named.
TEST(Processes, AStrangersNumberMayBeAnothersByNow) {
  Proc proc;
  proc.processes[2] = facts("/usr/bin/first", {"first"});
  proc.processes[2].started_ns = 100;
  Processes table(proc);
  table.blame(2);
  EXPECT_EQ(table.take_changed("host").at(0).name, "first");
  proc.processes[2] = facts("/usr/bin/second", {"second"});
  proc.processes[2].started_ns = 200;
  table.blame(2);
  table.blame(2);
  const auto rows = table.take_changed("host");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].name, "second");
  EXPECT_EQ(rows[0].started_ns, 200);
}

}  // namespace
}  // namespace culprit::capture
