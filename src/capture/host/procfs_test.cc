#include "capture/host/procfs.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "capture/kernel/event_source_testing.h"
#include "capture/kernel/uprobe.h"

namespace culprit::capture {
namespace {

TEST(Seed, ReadsAProcessWhoseNameHoldsBracketsAndBlanks) {
  ProcessInfo seed = parse_stat("42 (a) b (c)) S 7 42 42 0 -1 4194560 10 0 0 0 250 50 0 0 20 0 3 0 1000 1 1 1", 100);
  EXPECT_EQ(seed.pid, 42);
  EXPECT_EQ(seed.name, "a) b (c)");
  EXPECT_EQ(seed.parent_pid, 7);
  EXPECT_EQ(seed.user_ns, 2'500'000'000);
  EXPECT_EQ(seed.system_ns, 500'000'000);
  EXPECT_EQ(seed.threads, 3);
  EXPECT_EQ(seed.started_ns, 10'000'000'000);
  EXPECT_FALSE(seed.kernel);
}

TEST(Seed, CountsTheCpusThatAThreadMayUse) {
  const CpuList list =
      parse_cpus_allowed("Name:\tx\\nCpus_allowed_list:\t9\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8\nMems:\t1\n");
  EXPECT_EQ(list.text, "0-3,8");
  EXPECT_EQ(list.cpus, 5);
  EXPECT_EQ(parse_cpus_allowed("Cpus_allowed_list:\t1\n").cpus, 1);
  for (const char* wrong :
       {"", "Cpus_allowed_list:\t\n", "Cpus_allowed_list:\t3-1\n", "Cpus_allowed_list:\tall\n",
        "Cpus_allowed_list:\t0-\n", "Cpus_allowed_list:\t0-99999999999\n", "Cpus_allowed_list:\t1,,2\n"}) {
    EXPECT_EQ(parse_cpus_allowed(wrong).cpus, 0) << wrong;
    EXPECT_EQ(parse_cpus_allowed(wrong).text, "") << wrong;
  }
}

TEST(Seed, KnowsTheCpusThatThisProcessMayUse) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(read_cpus_allowed(getpid()), std::to_string(cpu));
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Seed, TakesNothingFromATextThatIsNoStat) {
  EXPECT_EQ(parse_stat("", 100).pid, 0);
  EXPECT_EQ(parse_stat("1 )(", 100).pid, 0);
  EXPECT_EQ(parse_stat("1 (x) S 99999999999999999999", 100).parent_pid, 0);
}

TEST(Seed, FindsListeningSocketsInTheKernelsTables) {
  auto tcp = parse_tcp_table(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   104        0 12345 1 0 100\n"
      "   1: 0100007F:1538 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   104        0 12346 1 0 100\n",
      ListeningSocket::Family::Inet);
  ASSERT_EQ(tcp.size(), 1u);
  EXPECT_EQ(tcp[0].address, "127.0.0.1");
  EXPECT_EQ(tcp[0].port, 5432);
  EXPECT_EQ(tcp[0].inode, 12345u);
  auto local = parse_unix_table(
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 777 /run/my socket\n"
      "0000000000000000: 00000002 00000000 00000000 0001 03 778 /run/other\n");
  ASSERT_EQ(local.size(), 1u);
  EXPECT_EQ(local[0].address, "/run/my socket");
  EXPECT_EQ(local[0].inode, 777u);
}

TEST(Seed, FindsAConnectionByItsOtherEnd) {
  const char* table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1538 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 0 0 1\n"
      "   1: 0100007F:9C40 0100007F:1538 01 00000000:00000000 00:00000000 00000000 0 0 2\n"
      "   2: 0200000A:1539 0300000A:9C40 01 00000000:00000000 00:00000000 00000000 0 0 3\n"
      "   3: 0100007F:153A 0100007F:9C41 06 00000000:00000000 00:00000000 00000000 0 0 4\n"
      "   4: 0000000000000000FFFF00000100007F:153B 0000000000000000FFFF00000100007F:9C42 01 0:0 0:0 0 0 0 5\n";
  EXPECT_EQ(find_near_end(table, {"127.0.0.1", 40000}).port, 5432);
  EXPECT_EQ(find_near_end(table, {"10.0.0.3", 40000}).address, "10.0.0.2");
  EXPECT_EQ(find_near_end(table, {"a.name", 40000}).port, 5432);
  EXPECT_EQ(find_near_end(table, {"127.0.0.1", 40001}).port, 0);  // TIME_WAIT
  EXPECT_EQ(find_near_end(table, {"127.0.0.1", 40002}).address, "127.0.0.1");
}

TEST(Seed, FindsTheGroupsWhoseQuotasBindAProcessInBothVersions) {
  EXPECT_EQ(parse_quota_groups("0::/kubepods/pod1\n"),
            (std::vector<std::string>{"/sys/fs/cgroup/kubepods/pod1", "/sys/fs/cgroup/kubepods"}));
  EXPECT_EQ(parse_quota_groups("4:memory:/other\n2:cpuacct,cpu:/shop\n0::/\n"),
            std::vector<std::string>{"/sys/fs/cgroup/cpu/shop"});
  EXPECT_TRUE(parse_quota_groups("1:cpu:/\n0::/\n").empty());
  EXPECT_TRUE(parse_quota_groups("nonsense").empty());
}

TEST(Seed, ReadsTheGroupInBothVersionsOfControlGroups) {
  EXPECT_EQ(parse_cgroup("0::/system.slice/shop.service\n"), "/system.slice/shop.service");
  EXPECT_EQ(parse_cgroup("9:name=systemd:/s\n2:cpuacct,cpu:/shop\n0::/\n"), "/shop");
  EXPECT_EQ(parse_cgroup("9:name=systemd:/docker/4f\n4:memory:/other\n1:cpu:/\n0::/\n"), "/docker/4f");
  EXPECT_EQ(parse_cgroup("1:cpu:/shop\n0::/kubepods/pod1\n"), "/kubepods/pod1");
  EXPECT_EQ(parse_cgroup("1:cpu:/\n0::/\n"), "/");
  EXPECT_EQ(parse_cgroup("nonsense"), "");
}

TEST(Seed, ReadsHowLongAGroupWasStoppedInBothVersions) {
  EXPECT_EQ(parse_throttled_ns("nr_periods 10\nnr_throttled 3\nthrottled_time 250000000\n"), 250'000'000);
  EXPECT_EQ(parse_throttled_ns("usage_usec 9\nthrottled_usec 250000\n"), 250'000'000);
  EXPECT_EQ(parse_throttled_ns("usage_usec 9\n"), 0);
  EXPECT_EQ(parse_throttled_ns("throttled_usec 9223372036854775807\n"), INT64_MAX / 1'000 * 1'000);
}

TEST(Seed, KnowsThisProcessAndItsPlaceInTheTree) {
  auto seed = read_process(getpid());
  ASSERT_TRUE(seed.has_value());
  EXPECT_EQ(seed.value().parent_pid, getppid());
  EXPECT_FALSE(seed.value().arguments.empty());
  auto family = descendants({getppid()});
  EXPECT_NE(std::find(family.begin(), family.end(), getpid()), family.end());
  EXPECT_FALSE(read_process(0x7fffffff).has_value());
}

std::string read_file(const char* path) {
  std::string file;
  FILE* stream = std::fopen(path, "r");
  if (stream == nullptr) return file;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, stream)) > 0;) file.append(buffer, n);
  std::fclose(stream);
  return file;
}

TEST(ReportServers, FindsAFunctionWhereTheLoaderPutIt) {
  void* getpid_here = dlsym(RTLD_DEFAULT, "getpid");
  Dl_info library{};
  ASSERT_NE(dladdr(getpid_here, &library), 0);
  std::string file = read_file(library.dli_fname);
  auto offset = function_offset(file, "getpid");
  ASSERT_TRUE(offset.has_value());
  EXPECT_EQ(std::memcmp(file.data() + *offset, getpid_here, 8), 0);
  EXPECT_FALSE(function_offset(file, "no_such_function").has_value());
  EXPECT_FALSE(function_offset(file.substr(0, 1000), "getpid").has_value());
}

TEST(ReportServers, TakesAFunctionOfOursThatBeginsLikeTheirs) {
  std::string own = read_file("/proc/self/exe");
  ProbeSample push = ReportServers::sample_for("\x55"), step = ReportServers::sample_for("\xf3\x0f\x1e\xfa");
  ASSERT_LT(std::max(push.offset, step.offset), own.size());
  EXPECT_EQ(own[push.offset], '\x55');
  EXPECT_EQ(own.substr(step.offset, 3), "\x48\x83\xec");  // sub $8, %rsp
}

TEST(ReportServers, FindsNoServerInAnOrdinaryProgram) {
  ReportServers servers;
  EXPECT_FALSE(servers.look_at(getpid()).has_value());
}

TEST(FakeSource, HandsOutEventsInOrderOfTime) {
  FakeSource source;
  event_data later{}, earlier{};
  later.header.time_ns = 2;
  earlier.header.time_ns = 1;
  source.add(EVENT_DATA, later, "abc");
  source.add(EVENT_DATA, earlier);
  std::vector<uint32_t> sizes;
  ASSERT_TRUE(source.poll(0, [&](const event_header& header) { sizes.push_back(header.size_bytes); }).has_value());
  EXPECT_EQ(sizes, (std::vector<uint32_t>{sizeof(event_data), sizeof(event_data) + 8}));
  EXPECT_EQ(source.counts().kept[EVENT_DATA], 2u);
}

}  // namespace
}  // namespace culprit::capture
