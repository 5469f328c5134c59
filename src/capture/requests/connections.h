// Connections: the data path. Knows every connection end, finds out what it speaks and which role it has, and feeds its
// conversation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "capture/kernel/event_source.h"
#include "capture/requests/turns.h"
#include "capture/wire/event.h"
#include "protocol/interface/capture_policy.h"

namespace culprit::capture {

// The protocols' two doors; tests put fakes there.
struct Protocols {
  std::function<Recognised(std::string_view)> recognise;
  std::function<std::unique_ptr<Conversation>(std::string_view)> make;
};

// Tells the kernel how much of an end's messages to copy from now on.
using SetCapture = std::function<void(uint64_t socket, CapturePolicy sent, CapturePolicy received)>;

class Connections {
 public:
  // What `own_pid` does is left out.
  Connections(Surroundings around, Turns& turns, HostView& view, Protocols protocols, SetCapture set_capture,
              int32_t own_pid);

  void on_socket(const event_socket& event);
  void on_data(const event_data& event);
  void on_end(const event_socket_end& event);
  void on_retransmit(const event_retransmit& event);
  void on_report(const event_report& event);
  // Events were lost: bytes of any connection may be among them.
  void on_lost_data(int64_t time_ns);

  // What is under way now is all there will be.
  void finish(int64_t now_ns);
  // What a process' server connection works on.
  Ran current_statement(const Processes::Entry& process) const;
  // Counts of the parsers, into the ledger.
  void count_conversations();
  std::vector<Connection> take_changed(bool all);
  // Forgets ends that closed.
  void forget_closed();

 private:
  ConnectionEnd& at(uint64_t socket, const event_header& header);
  ConnectionEnd* find(uint64_t socket) const;
  bool paired(uint64_t socket) const;
  void recognise(ConnectionEnd& end, const KeptSegment& segment);
  void speak(ConnectionEnd& end, std::string_view protocol);
  void give_up(ConnectionEnd& end);
  void leave_out(ConnectionEnd& end);
  Role role_by_port(const ConnectionEnd& end);
  void feed(ConnectionEnd& end, Thread& thread, const KeptSegment& segment, std::string_view head,
            std::string_view tail);
  void take_finished(ConnectionEnd& end);
  void replay(ConnectionEnd& end);
  void finish_open(ConnectionEnd& end, int64_t now_ns, bool closed);
  void add_counts(ConnectionEnd& end);

  Surroundings around_;
  Turns& turns_;
  HostView& view_;
  Protocols protocols_;
  SetCapture set_capture_;
  const int32_t own_pid_;
  std::unordered_map<uint64_t, uint64_t> tcp_ends_;  // by tcp_keys().own
  std::unordered_set<uint16_t> listening_;
  int64_t listening_read_ns_ = 0;
  std::vector<uint64_t> closed_;
  std::vector<Connection> closed_rows_;
  ConnectionEnd* latest_ = nullptr;  // of the last event: bytes come in runs
};

}  // namespace culprit::capture
