// A shop for tests: requests as a recorder stores them, each made by a few lines. Random values come from a fixed seed.
//   Shop shop;
//   for (int i = 0; i < 100; ++i) {
//     Shop::Request request = shop.request("GET /orders", "gateway");
//     request.work(1 * kMs);
//     request.statement("orders-api", "SELECT * FROM orders WHERE customer_id = ?", {.running = 350 * kMs, .rows = 7});
//     request.end();
//   }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/answer/reader_testing.h"

namespace culprit::analysis {

constexpr int64_t kUs = 1'000, kMs = 1'000'000;

struct Doing {
  int64_t running = 0, runnable = 0, lock = 0, disk = 0, network = 0, sleep = 0, other = 0;
  int64_t rows = -1;
  bool watched = true;
  std::vector<Blocker> blockers = {};
  int32_t pid = 0;  // pid of the server; 0: the usual one
  int64_t total() const { return running + runnable + lock + disk + network + sleep + other; }
};

class Shop {
 public:
  FakeReader reader;
  bool watched = true;          // false: spans without waits, as programs emit them
  int64_t wire_ns = 100 * kUs;  // time between two ends, in each direction
  int64_t database_port = 5432;

  // A request in progress: a root with one service below it; every call follows the one before.
  class Request {
   public:
    // The service that was entered last works, or waits.
    void doing(Doing doing) {
      now_ += doing.total();
      add(own().waits, doing);
      for (const Blocker& blocker : doing.blockers) own().blockers.push_back(blocker);
    }
    void work(int64_t ns) { doing({.running = ns}); }
    // Calls `service`, which becomes the current one until leave().
    void enter(const std::string& service, const std::string& name) {
      size_t client = open(own().service, name, SpanKind::Client, stack_.back(), LinkHow::SameThread);
      now_ += shop_.wire_ns;
      size_t server = open(service, name, SpanKind::Server, client, LinkHow::Connection);
      stack_.push_back(client);
      stack_.push_back(server);
    }
    void leave() {
      close(stack_.back());
      stack_.pop_back();
      now_ += shop_.wire_ns;
      close(stack_.back());
      stack_.pop_back();
    }
    void statement(const std::string& text, Doing doing) {
      enter(shop_.watched ? "postgres" : "", text);
      make_statement(spans_[stack_[stack_.size() - 2]], text, doing.rows);
      make_statement(own(), text, doing.rows);
      own().pid = doing.pid != 0 ? doing.pid : 500;
      this->doing(doing);
      bool seen = shop_.watched && doing.watched;
      size_t server = stack_.back();
      leave();
      if (!seen) spans_.erase(spans_.begin() + static_cast<ptrdiff_t>(server));
    }
    // Makes the current span a server's handling of this statement.
    void is_statement(const std::string& text, int64_t rows = -1) { make_statement(own(), text, rows); }
    // Calls a peer that was not recorded.
    void call(const std::string& peer, const std::string& name, int64_t ns) {
      size_t index = open(own().service, name, SpanKind::Client, stack_.back(), LinkHow::SameThread);
      spans_[index].attributes = {{"server.address", peer}};
      now_ += ns;
      close(index);
    }
    void flag(uint32_t flags) { own().flags |= flags; }
    void fail() { own().status = SpanStatus::Error; }
    // Makes concurrent calls, each `ns` long.
    void fan_out(const std::string& text, int calls, int64_t ns) {
      int64_t begin = now_, latest = now_;
      for (int i = 0; i < calls; ++i) {
        now_ = begin + i * 10 * kUs;
        statement(text, {.running = ns, .rows = 1});
        latest = std::max(latest, now_);
      }
      now_ = latest;
    }
    void unfinished() { unfinished_ = true; }
    void end() {
      while (stack_.size() > 1) leave();
      close(stack_.back());
      for (Span& span : spans_) {
        if (unfinished_) span.flags |= kUnfinished;
        if (!shop_.watched) span.waits = {}, span.blockers.clear(), span.pid = 0;
        shop_.reader.spans.push_back(std::move(span));
      }
    }
    int64_t now() const { return now_; }

   private:
    friend class Shop;
    Request(Shop& shop, TraceId id, int64_t start_ns) : shop_(shop), id_(id), now_(start_ns) {}

    size_t open(const std::string& service, const std::string& name, SpanKind kind, size_t parent, LinkHow how) {
      Span span;
      span.trace_id = id_;
      span.span_id = spans_.size() + 1;
      span.parent_span_id = spans_.empty() ? 0 : spans_[parent].span_id;
      span.link = spans_.empty() ? LinkHow::None : how;
      span.kind = kind, span.service = service, span.name = name, span.source = shop_.watched ? "recorder" : "otlp";
      span.start_ns = now_;
      span.pid = service == "gateway" ? 100 : service == "orders-api" ? 200 : service == "catalogue" ? 300 : 400;
      span.waits.known = true;
      spans_.push_back(std::move(span));
      return spans_.size() - 1;
    }
    void make_statement(Span& span, const std::string& text, int64_t rows) const {
      span.attributes = {{"db.system.name", std::string("postgresql")},
                         {"db.query.text", text},
                         {"server.address", std::string("127.0.0.1")},
                         {"server.port", shop_.database_port},
                         {"db.namespace", std::string("shop")}};
      if (rows >= 0) span.attributes.push_back({"db.response.returned_rows", rows});
    }
    Span& own() { return spans_[stack_.back()]; }
    static void add(WaitSums& waits, const Doing& doing) {
      waits[Wait::Running] += doing.running, waits[Wait::Runnable] += doing.runnable, waits[Wait::Lock] += doing.lock;
      waits[Wait::Disk] += doing.disk, waits[Wait::Network] += doing.network, waits[Wait::Sleep] += doing.sleep;
      waits[Wait::Other] += doing.other;
    }
    void close(size_t index) {
      Span& span = spans_[index];
      span.duration_ns = now_ - span.start_ns;
      int64_t known = 0;
      for (int64_t ns : span.waits.ns) known += ns;
      span.waits[Wait::Peer] += std::max<int64_t>(span.duration_ns - known, 0);  // waits for its callees
    }

    Shop& shop_;
    TraceId id_;
    int64_t now_;
    bool unfinished_ = false;
    std::vector<Span> spans_;
    std::vector<size_t> stack_;
  };

  Request request(const std::string& name, const std::string& service) {
    ++requests_;
    Request request(*this, TraceId{0x1000 + requests_ * 7919, requests_},
                    int64_t{1'700'000'000'000'000'000} + static_cast<int64_t>(requests_) * 50 * kMs);
    request.stack_.push_back(request.open(service, name, SpanKind::Server, 0, LinkHow::None));
    return request;
  }

  // Sets the machine: two CPUs for ten seconds, with this busy share.
  void busy(double share) {
    HostInfo host;
    host.name = "h", host.cpus = 2, host.ended_ns = 10'000 * kMs;
    host.cpu_busy_ns = static_cast<int64_t>(share * 20'000) * kMs;
    reader.host_rows = {host};
  }
  void process(int32_t pid, const std::string& name, int64_t running_ns) {
    Process process;
    process.pid = pid, process.name = name, process.command = name + " --all", process.recorded = true,
    process.running_ns = running_ns;
    reader.process_rows.push_back(process);
  }

  // Returns a small number that differs between requests, 0 … n-1.
  int64_t vary(int64_t n) {
    seed_ = seed_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<int64_t>((seed_ >> 33) % static_cast<uint64_t>(n));
  }

  // Adds requests to other endpoints, all fast.
  void healthy(int requests) {
    for (int i = 0; i < requests; ++i) {
      Request request = this->request("GET /items", "gateway");
      request.work(300 * kUs);
      request.enter("catalogue", "GET /items");
      request.work(500 * kUs);
      request.statement("SELECT * FROM items WHERE id = ?", {.running = 150 * kUs + vary(100) * kUs, .rows = 1});
      request.statement("SELECT * FROM stock WHERE item_id = ?", {.running = 120 * kUs + vary(100) * kUs, .rows = 3});
      request.leave();
      request.work(200 * kUs);
      request.end();
    }
  }

 private:
  uint64_t requests_ = 0, seed_ = 20261124;
};

}  // namespace culprit::analysis
