#include "demo/demo.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo/fault.h"
#include "demo/files.h"
#include "demo/place.h"
#include "demo/process.h"
#include "demo/truth.h"

namespace culprit::demo {

namespace {

User myself() { return {geteuid(), getegid(), "myself"}; }

Program shell(const std::string& script) {
  Program program;
  program.arguments = {"/bin/sh", "-c", script};
  program.environment = {"PATH=/usr/bin:/bin"};
  program.directory = "/";
  program.user = myself();
  return program;
}

// A process counts as ended even if its parent has not waited for it yet: proc(5), /proc/PID/stat, state Z.
bool alive(int pid) {
  auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  return stat.has_value() && stat.value().find(") Z ") == std::string::npos;
}
bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Waits up to 5 s.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 100 && !condition(); ++i) usleep(50'000);
  return condition();
}

Hooks no_hooks() {
  Hooks hooks;
  hooks.record = [](const Scene&, int64_t, const std::string&) -> Result<void> { return {}; };
  hooks.why = [](const Scene&, const std::string&) -> Result<std::string> { return std::string(); };
  hooks.diff = [](const Scene&, const std::string&, const std::string&) -> Result<std::string> {
    return std::string();
  };
  return hooks;
}

TEST(Demo, SaysWhichFaultsThereAre) {
  Options options;
  options.fault = "mising_index";
  auto outcome = run(options, no_hooks());
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, Error::Kind::Usage);
  EXPECT_NE(outcome.error().message.find("did you mean 'missing_index'?"), std::string::npos);
  EXPECT_NE(outcome.error().fix.find("slow_dependency"), std::string::npos);
}

TEST(Fault, IsMadeByEachOfTheNames) {
  for (std::string_view name : fault_names()) EXPECT_TRUE(make_fault(std::string(name)).has_value()) << name;
}

TEST(Child, TellsItsExitStatus) {
  Interrupts none_yet;
  auto child = Child::start(shell("exit 7"));
  ASSERT_TRUE(child.has_value());
  auto status = child.value().wait(5000);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status.value(), 7);
}

TEST(Child, ThatCannotStartSaysWhy) {
  Program program = shell("");
  program.arguments[0] = "/no/such/program";
  auto child = Child::start(program);
  ASSERT_FALSE(child.has_value());
  EXPECT_NE(child.error().message.find("execve No such file"), std::string::npos) << child.error().message;
}

TEST(Child, TalksLineByLine) {
  Interrupts none_yet;
  Program program = shell("while read line; do echo got $line; done");
  program.talk = Program::Talk::Yes;
  auto child = Child::start(program);
  ASSERT_TRUE(child.has_value());
  ASSERT_TRUE(child.value().write_line("one").has_value());
  auto line = child.value().read_line(5000);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line.value(), "got one");
}

TEST(Child, EndsWithItsOwner) {
  int pid;
  {
    auto child = Child::start(shell("exec sleep 60"));
    ASSERT_TRUE(child.has_value());
    pid = child.value().pid();
    ASSERT_TRUE(alive(pid));
  }
  EXPECT_FALSE(alive(pid));
}

TEST(Interrupts, EndAPauseAndAreRemembered) {
  Interrupts interrupts;
  raise(SIGTERM);
  EXPECT_FALSE(pause_for(1000).has_value());
  EXPECT_EQ(Interrupts::signal(), SIGTERM);
}

TEST(Place, IsClearedWithAllThatWorksInIt) {
  Interrupts none_yet;
  std::string path;
  int pid;
  {
    auto place = Place::make();
    if (!place.has_value()) GTEST_SKIP() << "SKIPPED: " << place.error().message;
    path = place.value().path();
    Program program = shell("sleep 60 & echo $!; wait");
    program.directory = path;
    program.talk = Program::Talk::Yes;
    auto child = Child::start(program);
    ASSERT_TRUE(child.has_value());
    auto line = child.value().read_line(5000);
    ASSERT_TRUE(line.has_value());
    pid = std::atoi(line.value().c_str());
    ASSERT_TRUE(write_file(path + "/file", "text", 0600, myself()).has_value());
  }
  EXPECT_FALSE(exists(path));
  EXPECT_TRUE(soon([&] { return !alive(pid); }));
}

// Acts like the demo: creates its directory and a program in it; then it is killed by kill -9.
TEST(Place, IsClearedAlsoWhenItsOwnerIsKilled) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  pid_t owner = fork();
  if (owner == 0) {
    auto place = Place::make();
    if (!place.has_value()) _exit(1);
    Program program = shell("exec sleep 60");
    program.directory = place.value().path();
    auto child = Child::start(program);
    std::string text = place.value().path() + " " + std::to_string(child.has_value() ? child.value().pid() : 0) + "\n";
    (void)!write(report[1], text.data(), text.size());
    for (;;) pause();
  }
  close(report[1]);
  char text[200] = {};
  ssize_t n = read(report[0], text, sizeof text - 1);
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  if (n <= 0) GTEST_SKIP() << "SKIPPED: no directory on a disk can be written to";
  std::string path = std::string(text).substr(0, std::string(text).find(' '));
  int pid = std::atoi(text + path.size());
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(soon([&] { return !exists(path); })) << path;
  EXPECT_TRUE(soon([&] { return !alive(pid); }));
}

TEST(TruthJson, HasNullWhereAFaultHasNoSuchPart) {
  TruthFile file;
  file.truth.fault = "none";
  std::string json = truth_json(file);
  EXPECT_NE(json.find("\"fault\": \"none\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"class\": null"), std::string::npos);
  EXPECT_NE(json.find("\"schema\": \"culprit.truth/1\""), std::string::npos);
}

}  // namespace

}  // namespace culprit::demo
