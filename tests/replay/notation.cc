#include "replay/notation.h"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "replay/messages.h"
#include "replay/words.h"

namespace culprit::replay {

namespace {

using namespace requests;
using Words = std::vector<std::string>;

constexpr int64_t kWireDelay = 10'000;  // from one end to the other, where the line does not say

struct SyscallName {
  std::string_view name;
  int16_t number;
};
constexpr std::array kSyscalls = {
    SyscallName{"futex", SYS_futex},
    SyscallName{"recvfrom", SYS_recvfrom},
    SyscallName{"read", SYS_read},
    SyscallName{"sendto", SYS_sendto},
    SyscallName{"epoll_wait", SYS_epoll_wait},
    SyscallName{"poll", SYS_poll},
    SyscallName{"fdatasync", SYS_fdatasync},
    SyscallName{"clock_nanosleep", SYS_clock_nanosleep},
    SyscallName{"semop", SYS_semop},
    SyscallName{"accept", SYS_accept},
};

// One end of a connection.
struct End {
  EndpointId id = EndpointId::None;  // None: not recorded
  int32_t pid = 0;
  uint32_t next_sequence = 0;  // of what it sends; 0: no TCP
};
struct Link {
  End client, server;
};

// key=value words of a line, and the others.
struct Line {
  Words words;
  std::map<std::string, std::string, std::less<>> options;
  std::string_view option(std::string_view key) const {
    auto found = options.find(key);
    return found == options.end() ? std::string_view() : std::string_view(found->second);
  }
};

bool is_option(std::string_view word) {
  const size_t equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 && word.find_first_of("\"(") > equals;
}

struct Ids {
  int32_t pid = 0, tid = 0;
};
// "20" or "20/21".
Result<Ids> ids_of(std::string_view word) {
  const size_t slash = word.find('/');
  Ids ids;
  ids.pid = static_cast<int32_t>(TRY(number(word.substr(0, slash))));
  ids.tid = slash == std::string_view::npos ? ids.pid : static_cast<int32_t>(TRY(number(word.substr(slash + 1))));
  return ids;
}

class Reader {
 public:
  Result<Events> read(std::string_view text) {
    events_.options.run = 7;
    events_.options.mono_ns = kStartMono;
    events_.options.wall_ns = kStartWall;
    events_.end_ns = kStartMono;
    int number = 0;
    for (std::string_view line : split(text, '\n')) {
      ++number;
      if (trimmed(line).empty() || trimmed(line).starts_with('#')) continue;
      if (auto done = read_line(line); !done.has_value())
        return mistake("line " + std::to_string(number) + ": " + done.error().message);
    }
    if (!end_given_) events_.end_ns += 1'000'000'000;
    std::stable_sort(events_.happenings.begin(), events_.happenings.end(),
                     [](const Happening& a, const Happening& b) { return a.mono_ns < b.mono_ns; });
    return std::move(events_);
  }

 private:
  Result<void> read_line(std::string_view text) {
    Line line;
    for (std::string& word : TRY(words_of(text))) {
      if (const size_t equals = word.find('='); is_option(word))
        line.options[word.substr(0, equals)] = TRY(unquoted(word.substr(equals + 1)));
      else
        line.words.push_back(std::move(word));
    }
    if (line.words.empty()) return mistake("a line of options");
    const std::string& first = line.words[0];
    if (first == "process") return read_process(line);
    if (first == "listens") return read_listens(line);
    if (first == "connection") return read_connection(line);
    if (first == "limits") return read_limits(line);
    if (first == "sleeps") return read_sleeps(line);
    if (line.words.size() < 2) return mistake("a time, and what happened");
    const int64_t time_ns = kStartMono + TRY(milliseconds(first));
    const std::string& what = line.words[1];
    if (what == "end") return end_at(time_ns);
    events_.end_ns = std::max(events_.end_ns, time_ns);
    if (what == "on_cpu") return read_switch(line, time_ns);
    if (what == "reports") return read_report(line, time_ns);
    if (what == "loses") return read_loss(line, time_ns);
    if (what == "forks" || what == "exits") return read_process_event(line, time_ns, what == "forks");
    return read_stream(line, time_ns);
  }

  Result<void> end_at(int64_t time_ns) {
    events_.end_ns = time_ns;
    end_given_ = true;
    return {};
  }

  void at(int64_t time_ns, std::function<void(RequestTracker&)> tell) {
    events_.happenings.push_back({time_ns, std::move(tell)});
  }

  // process 20 postgresql parent=19 executable=/usr/bin/postgres
  Result<void> read_process(const Line& line) {
    if (line.words.size() != 3) return mistake("process PID SERVICE");
    ProcessInfo info;
    info.pid = static_cast<int32_t>(TRY(number(line.words[1])));
    info.service = line.words[2];
    info.known = true;
    info.parent_pid = 1;
    if (!line.option("parent").empty()) info.parent_pid = static_cast<int32_t>(TRY(number(line.option("parent"))));
    info.executable =
        line.option("executable").empty() ? "/bin/" + info.service : std::string(line.option("executable"));
    events_.processes[info.pid] = info;
    return {};
  }

  Result<void> read_listens(const Line& line) {
    for (size_t i = 1; i < line.words.size(); ++i)
      events_.listening_ports.push_back(static_cast<uint16_t>(TRY(number(line.words[i]))));
    return {};
  }

  Result<void> read_limits(const Line& line) {
    if (!line.option("ends").empty())
      events_.options.endpoints.most_ends = static_cast<size_t>(TRY(number(line.option("ends"))));
    if (!line.option("requests").empty())
      events_.options.most_open_requests = static_cast<size_t>(TRY(number(line.option("requests"))));
    return {};
  }

  // connection db 10:50000 20:5432      connection db ?:50000 20:5432      connection db 10 20 unix=/run/x
  Result<void> read_connection(const Line& line) {
    if (line.words.size() != 4) return mistake("connection NAME PID:PORT PID:PORT");
    const std::string_view path = line.option("unix");
    Link link;
    End* ends[] = {&link.client, &link.server};
    StreamInfo infos[2];
    for (size_t i = 0; i < 2; ++i) {
      const std::string& word = line.words[2 + i];
      const size_t colon = word.find(':');
      const std::string_view pid = std::string_view(word).substr(0, colon);
      StreamAddress address{"127.0.0.1", std::string("\x7f\0\0\1", 4), false, true, 0};
      if (colon != std::string::npos) address.port = static_cast<uint16_t>(TRY(number(word.substr(colon + 1))));
      infos[i].local = infos[1 - i].remote = address;
      infos[i].transport = path.empty() ? Transport::Tcp : Transport::Unix;
      infos[i].path = path;
      infos[i].stream = true;
      infos[i].network_namespace = 1;
      infos[i].time_ns = kStartMono;
      if (path.empty()) ends[i]->next_sequence = i == 0 ? 1000 : 500'000;
      if (pid == "?") continue;
      ends[i]->pid = infos[i].pid = static_cast<int32_t>(TRY(number(pid)));
      ends[i]->id = infos[i].id = EndpointId{++ids_};
    }
    for (size_t i = 0; i < 2; ++i) {
      if (ends[i]->id == EndpointId::None) continue;
      if (!path.empty()) infos[i].peer = ends[1 - i]->id;
      at(kStartMono, [info = infos[i]](RequestTracker& tracker) { tracker.on_stream(info); });
    }
    links_[line.words[1]] = link;
    return {};
  }

  // 1.5 db > query("SELECT 1") tid=11 keep=16/4 delay=0.1 lost
  Result<void> read_stream(const Line& line, int64_t time_ns) {
    auto found = links_.find(line.words[1]);
    if (found == links_.end()) return mistake("no connection is called " + line.words[1]);
    if (line.words.size() < 3) return mistake("what the connection carries");
    Link& link = found->second;
    const std::string& direction = line.words[2];
    if (direction == "closes") {
      for (const End& end : {link.client, link.server})
        if (end.id != EndpointId::None)
          at(time_ns, [id = end.id, time_ns](RequestTracker& tracker) { tracker.on_stream_end(id, time_ns); });
      return {};
    }
    if (direction != ">" && direction != "<") return mistake("no such thing: " + direction);
    std::string bytes;
    bool lost = false;
    for (size_t i = 3; i < line.words.size(); ++i) {
      if (line.words[i] == "lost")
        lost = true;
      else
        bytes += TRY(payload(line.words[i]));
    }
    End& sender = direction == ">" ? link.client : link.server;
    const End& receiver = direction == ">" ? link.server : link.client;
    const uint32_t sequence = sender.next_sequence;
    if (sequence != 0) sender.next_sequence += static_cast<uint32_t>(bytes.size());
    if (lost) return {};
    int64_t delay_ns = kWireDelay;
    if (!line.option("delay").empty()) delay_ns = TRY(milliseconds(line.option("delay")));
    TRY(carry(line, sender, true, time_ns, sequence, bytes));
    TRY(carry(line, receiver, false, time_ns + delay_ns, sequence, bytes));
    return {};
  }

  Result<void> carry(const Line& line, const End& end, bool sent, int64_t time_ns, uint32_t sequence,
                     const std::string& bytes) {
    if (end.id == EndpointId::None) return {};
    StreamBytes data;
    data.id = end.id;
    data.pid = end.pid;
    data.tid = end.pid;
    const std::string_view tid = line.option(sent ? "tid" : "to_tid");
    if (!tid.empty()) data.tid = static_cast<int32_t>(TRY(number(tid)));
    data.sent = sent;
    data.time_ns = data.moved_ns = time_ns;
    data.length_bytes = static_cast<uint32_t>(bytes.size());
    data.tcp_sequence = sequence;
    size_t head = bytes.size(), tail = 0;
    if (const std::string_view keep = line.option("keep"); !keep.empty()) {
      const size_t slash = keep.find('/');
      head = std::min(bytes.size(), static_cast<size_t>(TRY(number(keep.substr(0, slash)))));
      if (slash != std::string_view::npos)
        tail = std::min(bytes.size() - head, static_cast<size_t>(TRY(number(keep.substr(slash + 1)))));
    }
    at(time_ns, [data, bytes, head, tail](RequestTracker& tracker) mutable {
      data.head = std::string_view(bytes).substr(0, head);
      data.tail = std::string_view(bytes).substr(bytes.size() - tail);
      tracker.on_bytes(data);
    });
    return {};
  }

  // 5 on_cpu 20/21 off=2 wake=4.9 in=futex waker=30/31
  Result<void> read_switch(const Line& line, int64_t time_ns) {
    if (line.words.size() < 3) return mistake("TIME on_cpu PID/TID");
    ThreadSwitch event;
    const Ids ids = TRY(ids_of(line.words[2]));
    event.pid = ids.pid;
    event.tid = ids.tid;
    event.on_ns = time_ns;
    if (!line.option("off").empty()) event.off_ns = kStartMono + TRY(milliseconds(line.option("off")));
    if (!line.option("wake").empty()) event.wake_ns = kStartMono + TRY(milliseconds(line.option("wake")));
    event.state = event.wake_ns != 0 ? 1 : 0;
    event.syscall = TRY(syscall_of(line));
    event.socket = event.syscall == SYS_recvfrom || event.syscall == SYS_sendto;
    if (const std::string_view waker = line.option("waker"); waker == "interrupt") {
      event.waker = Waker::Interrupt;
    } else if (!waker.empty()) {
      const Ids other = TRY(ids_of(waker));
      event.waker = Waker::Thread;
      event.waker_pid = other.pid;
      event.waker_tid = other.tid;
    }
    at(time_ns, [event](RequestTracker& tracker) { tracker.on_switch(event); });
    return {};
  }

  // sleeps 20/21 off=2 in=futex
  Result<void> read_sleeps(const Line& line) {
    if (line.words.size() < 2) return mistake("sleeps PID/TID");
    const Ids ids = TRY(ids_of(line.words[1]));
    SleepingThread sleeping;
    sleeping.pid = ids.pid;
    sleeping.tid = ids.tid;
    sleeping.state = 1;
    sleeping.off_ns = kStartMono + TRY(milliseconds(line.option("off")));
    sleeping.syscall = TRY(syscall_of(line));
    events_.sleeping.push_back(sleeping);
    return {};
  }

  static Result<int16_t> syscall_of(const Line& line) {
    const std::string_view name = line.option("in");
    if (name.empty()) return int16_t{-1};
    auto found =
        std::find_if(kSyscalls.begin(), kSyscalls.end(), [&](const SyscallName& one) { return one.name == name; });
    if (found == kSyscalls.end()) return mistake("a system call that the notation does not know: " + std::string(name));
    return found->number;
  }

  // 3 reports 20 "SELECT 1"
  Result<void> read_report(const Line& line, int64_t time_ns) {
    if (line.words.size() < 4) return mistake("TIME reports PID TEXT");
    const auto pid = static_cast<int32_t>(TRY(number(line.words[2])));
    at(time_ns, [pid, time_ns, text = TRY(unquoted(line.words[3]))](RequestTracker& tracker) {
      tracker.on_report({pid, time_ns, text, false});
    });
    return {};
  }

  // 5 loses from=3 bytes
  Result<void> read_loss(const Line& line, int64_t time_ns) {
    const LossInterval loss{kStartMono + TRY(milliseconds(line.option("from"))), time_ns};
    const bool bytes = std::find(line.words.begin(), line.words.end(), "bytes") != line.words.end();
    at(time_ns, [loss, bytes](RequestTracker& tracker) { tracker.on_loss(loss, bytes); });
    return {};
  }

  // 2 forks 20 21      9 exits 21
  Result<void> read_process_event(const Line& line, int64_t time_ns, bool forks) {
    if (line.words.size() < (forks ? 4u : 3u)) return mistake("TIME forks PARENT CHILD, TIME exits PID");
    const auto pid = static_cast<int32_t>(TRY(number(line.words[2])));
    if (!forks) {
      at(time_ns, [pid, time_ns](RequestTracker& tracker) {
        tracker.on_thread_exit(pid, time_ns);
        tracker.on_process_exit(pid, time_ns);
      });
      return {};
    }
    const auto child = static_cast<int32_t>(TRY(number(line.words[3])));
    at(time_ns, [pid, child, time_ns](RequestTracker& tracker) { tracker.on_fork(child, pid, time_ns); });
    return {};
  }

  Events events_;
  std::map<std::string, Link, std::less<>> links_;
  uint64_t ids_ = 0;
  bool end_given_ = false;
};

}  // namespace

Result<Events> read_events(std::string_view text) { return Reader().read(text); }

}  // namespace culprit::replay
