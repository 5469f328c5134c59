// Test fakes: a protocol with one-letter messages, a sink that keeps all rows, a host with programs named by hand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/saturated.h"
#include "capture/host/host_view.h"
#include "model/sink.h"
#include "protocol/registry/registry.h"

namespace culprit::capture::testing {

// "Q text" is a request; an answer ends with "Z". The first letter shows which end sends.
class LetterConversation : public Conversation {
 public:
  void feed(From from, int64_t time_ns, std::string_view head, std::string_view, uint64_t) override {
    if (from == From::Client) {
      any_ = true;
      add(time_ns, std::string(head.substr(head.size() < 2 ? 0 : 2)), 0);
      open_.back().exchange.attributes.push_back({"db.query.text", Value(open_.back().exchange.name)});
      return;
    }
    if (!head.ends_with('Z')) return;
    if (open_.empty() && !any_) add(time_ns, "unknown", kBegunBefore | kTextUnknown);
    any_ = true;
    if (!open_.empty()) end(time_ns, 0);
  }
  void gap(From, int64_t, uint64_t) override {
    for (Open& open : open_) open.exchange.flags |= kHole;
  }
  void set_statement_text(int64_t, std::string_view text, bool) override {
    if (!open_.empty()) open_.back().exchange.name = text;
  }
  void close(int64_t time_ns, Closing why) override {
    while (!open_.empty()) end(time_ns, why == Closing::ConnectionClosed ? kUnanswered : kUnfinished);
  }
  std::optional<CurrentRequest> current() const override {
    if (open_.empty()) return std::nullopt;
    return CurrentRequest{open_.front().exchange.begin_ns, open_.front().exchange.name};
  }
  ConversationCounts take_counts() override { return {}; }
  std::string_view protocol() const override { return "letters"; }
  CapturePolicies capture_policies() const override { return {{4096, 64, false}, {512, 64, false}}; }

 private:
  struct Open {
    RequestToken token;
    Exchange exchange;
  };
  void add(int64_t time_ns, std::string name, uint32_t flags) {
    Exchange exchange;
    exchange.protocol = "letters";
    exchange.begin_ns = time_ns;
    exchange.name = std::move(name);
    exchange.flags = flags;
    open_.push_back({begin_request(time_ns, 0), std::move(exchange)});
  }
  void end(int64_t time_ns, uint32_t flags) {
    Open open = std::move(open_.front());
    open_.erase(open_.begin());
    open.exchange.end_ns = time_ns;
    open.exchange.flags |= flags;
    end_request(open.token, std::move(open.exchange));
  }
  std::vector<Open> open_;
  bool any_ = false;
};

inline std::span<const Protocol> letter_protocols() {
  static const Protocol kProtocols[] = {
      {"letters",
       [](std::string_view bytes) { return bytes.starts_with('Q') ? std::optional(From::Client) : std::nullopt; },
       [](std::shared_ptr<SqlCache>) -> std::unique_ptr<Conversation> {
         return std::make_unique<LetterConversation>();
       },
       ""},
      known_protocols().back()};
  return kProtocols;
}

class KeepingSink : public Sink {
 public:
  Result<Ticket> push(Batch batch) override {
    if (refuses) return Error{Error::Kind::Full, "no space left"};
    for (auto& span : batch.spans) spans.push_back(span);
    for (auto& state : batch.thread_states) states.push_back(state);
    for (auto& row : batch.processes) processes[row.pid] = row;
    for (auto& row : batch.connections) connections[row.id] = row;
    for (auto& row : batch.ledger) ledger[row.kind] = saturated_sum(ledger[row.kind], row.n);
    for (auto& row : batch.received) received[row.unit] += row.n;
    return Ticket{};
  }
  Result<void> flush() override { return {}; }

  const Span* span(std::string_view name, SpanKind kind) const {
    for (const Span& span : spans)
      if (span.name == name && span.kind == kind) return &span;
    return nullptr;
  }

  bool refuses = false;
  std::vector<Span> spans;
  std::vector<ThreadState> states;
  std::map<int32_t, Process> processes;
  std::map<uint64_t, Connection> connections;
  std::map<std::string, int64_t> ledger, received;
};

class FakeView : public HostView {
 public:
  ProcessFacts process(int32_t pid) override {
    auto found = programs.find(pid);
    if (found == programs.end()) return {};
    ProcessFacts facts;
    facts.found = true;
    facts.pid = pid;
    facts.parent_pid = 1;
    facts.name = found->second;
    facts.executable = "/bin/" + found->second;
    facts.command = {titles.contains(pid) ? titles[pid] : found->second};
    return facts;
  }
  bool alive(int32_t pid) override { return !vanished.contains(pid); }
  std::vector<uint16_t> listening_ports() override { return {5432}; }
  SocketAddress near_end(int32_t, const SocketAddress& far) override {
    return near_ends.contains(far.port) ? near_ends[far.port] : SocketAddress{};
  }
  std::vector<CpuTimes> cpu_times() override { return {}; }
  int64_t throttled_ns(int32_t pid) override { return throttled[pid]; }
  std::string cpus_allowed(int32_t) override { return {}; }
  int64_t busy_ns() override { return 0; }
  HostInfo host() override { return {}; }

  std::map<int32_t, std::string> programs;
  std::map<int32_t, std::string> titles;        // command lines with more text than the name
  std::map<uint16_t, SocketAddress> near_ends;  // by port of the other end
  std::map<int32_t, int64_t> throttled;
  std::set<int32_t> vanished;  // processes that ended without an event
};

}  // namespace culprit::capture::testing
