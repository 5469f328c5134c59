// Test support for BpfSource: a child process with a known workload, recorded while it runs.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capture/kernel/bpf_source.h"

namespace culprit::capture::testing {

// Stores copies of the events that a source passed on.
class Recording {
 public:
  std::vector<std::vector<uint64_t>> events;
  SourceCounts counts;

  template <class Event>
  std::vector<const Event*> all(event_type type) const {
    std::vector<const Event*> found;
    for (const auto& event : events)
      if (reinterpret_cast<const event_header*>(event.data())->type == type)
        found.push_back(reinterpret_cast<const Event*>(event.data()));
    return found;
  }
};

enum class Reading : uint8_t { Steadily, AtTheEnd };

// A child process that runs `before` (may fork, connect …), waits until it is recorded, runs `work` and ends.
class Child {
 public:
  Child(const std::function<void()>& before, const std::function<void()>& work) {
    if (pipe(go_) != 0 || pipe(ready_) != 0) std::abort();
    pid_ = fork();
    if (pid_ != 0) {
      char byte;
      if (read(ready_[0], &byte, 1) != 1) std::abort();
      return;
    }
    before();
    char byte = 0;
    if (write(ready_[1], "r", 1) != 1 || read(go_[0], &byte, 1) != 1) _exit(1);
    work();
    _exit(0);
  }
  ~Child() {
    for (int fd : {go_[0], go_[1], ready_[0], ready_[1]}) close(fd);
  }
  pid_t pid() const { return pid_; }
  void go() {
    if (write(go_[1], "g", 1) != 1) std::abort();
  }
  bool ended() {
    if (!reaped_ && waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
    return reaped_;
  }
  int status() const { return status_; }

 private:
  int go_[2], ready_[2];
  pid_t pid_ = 0;
  int status_ = 0;
  bool reaped_ = false;
};

// Returns the reason why this machine cannot record; empty if it can.
inline const std::string& unrecordable() {
  static const std::string why = [] {
    auto source = open_bpf_source({.scope = {.pids = {1}}});
    return source.has_value() ? std::string() : source.error().message;
  }();
  return why;
}

// Records one child process from before its work until its end.
inline Recording record(const std::function<void()>& before, const std::function<void()>& work,
                        SourceOptions options = {}, Reading reading = Reading::Steadily,
                        const std::function<void(EventSource&, const event_header&)>& on_event = {}) {
  Recording recording;
  Child child(before, work);
  options.scope.pids = {child.pid()};
  options.reports = false;
  auto source = open_bpf_source(options);
  if (!source.has_value() || !source.value()->start().has_value()) {
    ADD_FAILURE() << "cannot record";
    return recording;
  }
  auto keep = [&](const event_header& header) {
    const auto* words = reinterpret_cast<const uint64_t*>(&header);
    recording.events.emplace_back(words, words + header.size_bytes / 8);
    if (on_event) on_event(*source.value(), header);
  };
  child.go();
  while (!child.ended()) {
    if (reading == Reading::AtTheEnd)
      usleep(1000);
    else
      EXPECT_TRUE(source.value()->poll(5, keep).has_value());
  }
  EXPECT_TRUE(source.value()->stop(keep).has_value());
  EXPECT_EQ(child.status(), 0);
  recording.counts = source.value()->counts();
  return recording;
}

#define SKIP_WITHOUT_RIGHTS() \
  if (const std::string& why = unrecordable(); !why.empty()) GTEST_SKIP() << "needs root: " << why

}  // namespace culprit::capture::testing
