// ServerProbes: the statements that database servers run. The text comes from a probe on the server's own function as
// long as the probe is within its budget and reports texts; otherwise the text of long statements is read from the
// server's memory.
//
// Owned by the source's thread. Needs the rights to attach probes and to read other processes' memory during its whole
// life.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capture/kernel/bpf_source_programs.h"
#include "capture/kernel/probe_budget.h"
#include "capture/kernel/statement_reader.h"
#include "capture/kernel/uprobe.h"

namespace culprit::capture {

class ServerProbes {
 public:
  // `budget`: the share of one CPU that each server's probe may take; nothing: no probe is attached.
  ServerProbes(Programs& programs, std::optional<double> budget) : programs_(programs), budget_(budget) {}

  // Probes the program of this process if it is a server program that was not seen before.
  void look_at(int32_t pid);
  void on_data(const event_data& event) {
    if (reader_.watching())
      reader_.on_data(static_cast<int32_t>(event.header.pid), event.flags & DATA_SENT, event.header.time_ns);
  }
  void forget(int32_t pid) { reader_.forget(pid); }
  // Judges the probes, a few times a second; returns the texts of long statements that were read.
  std::vector<StatementReader::Statement> tick(uint64_t now_ns, uint64_t horizon_ns);
  std::vector<ProbeState> states() const;

 private:
  struct Server {
    ServerProgram program;
    ProbeBudget budget;
    ProbeState state;
    uint32_t probe = 0;  // index of its counters in cpu_counts
    uint64_t hits = 0;   // count at the last judgement
    uint64_t measured_ns = 0;
    bool read = false;  // the reader reads its memory
  };
  void measure(Server& server, uint64_t now_ns);
  void attach(Server& server, uint64_t now_ns);
  void take_off(Server& server, uint64_t now_ns);
  void judge(Server& server, uint64_t hits, uint64_t now_ns, uint64_t window_ns);
  void judge_all(uint64_t now_ns);
  void read_memory_of(Server& server, bool wanted);

  Programs& programs_;
  const std::optional<double> budget_;
  ReportServers finder_;
  StatementReader reader_;
  std::vector<Server> servers_;
  uint64_t judged_ns_ = 0;
};

}  // namespace culprit::capture
