#include "capture/recorder/record.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "capture/kernel/bpf_source.h"
#include "capture/recorder/child.h"
#include "capture/recorder/dispatcher.h"
#include "capture/recorder/lock_wait_poller.h"

namespace culprit::capture {
namespace {

int64_t now_ns(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

// The interval of the checks for the command's end and for the user's request to stop.
constexpr int kPollMs = 50;

// Sets the scheduling of the reader thread during a recording. As a batch job its wake-ups never preempt a recorded
// thread; the rings store the events until it runs. With the highest nice priority it then keeps its CPU as long as it
// has events: with a fair share of a fully loaded machine it would read too slowly and lose events.
class ReadersTurn {
 public:
  ReadersTurn() {
    set(SCHED_BATCH);                   // if refused, the recording disturbs the machine a little more
    setpriority(PRIO_PROCESS, 0, -20);  // if refused, more events are lost on a fully loaded machine, and counted
  }
  ~ReadersTurn() {
    setpriority(PRIO_PROCESS, 0, nice_);
    set(policy_);
  }

 private:
  static void set(int policy) {
    sched_param parameters = {};
    sched_setscheduler(0, policy, &parameters);
  }
  int policy_ = sched_getscheduler(0), nice_ = getpriority(PRIO_PROCESS, 0);
};

std::string scope_text(const RecordOptions& options) {
  if (options.all) return "all";
  std::string text = options.command.empty() ? "pids" : "command " + options.command[0];
  for (int32_t pid : options.command.empty() ? options.pids : std::vector<int32_t>()) text += " " + std::to_string(pid);
  return text;
}

std::string tiers_of(const SourceCounts& counts) {
  for (const ProbeState& probe : counts.probes)
    if (probe.name.starts_with("pgstat_report_activity") && probe.state == ProbeState::State::Attached) return "T0+T1";
  return "T0";
}

class Recording {
 public:
  Recording(EventSource& source, HostView& view, const RecordOptions& options, Sink& sink)
      : source_(source), view_(view), options_(options), sink_(sink) {}

  Result<RecordSummary> run(Child* child);

 private:
  bool over(int64_t mono_ns, Child* child);
  Result<void> round(int64_t mono_ns);
  void handle(const event_header& event);
  void note(Result<void> pushed);
  void take_answers();
  void note_sizes(const std::vector<TableSize>& sizes);
  Result<RecordSummary> end(Child* child);

  EventSource& source_;
  HostView& view_;
  const RecordOptions& options_;
  Sink& sink_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<LockWaitPoller> asker_;
  std::optional<Error> refused_;        // the first refusal of the sink, reported at the end
  std::vector<TableSize> most_tables_;  // the largest size of each table
  int64_t begin_ns_ = 0, begin_cpu_ns_ = 0, progress_ns_ = 0;
};

Result<RecordSummary> Recording::run(Child* child) {
  DispatcherOptions options;
  options.host = view_.host();
  options.own_pid = ::getpid();
  options.host.scope = scope_text(options_);
  TRY(source_.start());
  const int64_t mono_ns = now_ns(CLOCK_MONOTONIC), wall_ns = now_ns(CLOCK_REALTIME);
  options.mono_ns = begin_ns_ = progress_ns_ = source_.begin_ns() != 0 ? source_.begin_ns() : mono_ns;
  options.host.started_ns = wall_ns - (mono_ns - options.mono_ns);
  options.host.tiers = tiers_of(source_.counts());
  dispatcher_ = std::make_unique<Dispatcher>(std::move(options), view_, sink_);
  ReadersTurn turn;
  begin_cpu_ns_ = now_ns(CLOCK_THREAD_CPUTIME_ID);  // excludes the cost of attaching, which is paid once
  if (options_.drop_rights) TRY(drop_rights(options_.database_probes ? Rights::FollowServers : Rights::ReadServers));
  if (child) TRY(child->go());
  if (options_.on_attached) options_.on_attached();
  if (options_.inquiry) asker_ = std::make_unique<LockWaitPoller>(*options_.inquiry);
  for (int64_t mono_ns = begin_ns_; !over(mono_ns, child); mono_ns = now_ns(CLOCK_MONOTONIC)) TRY(round(mono_ns));
  return end(child);
}

bool Recording::over(int64_t mono_ns, Child* child) {
  if (options_.stop && options_.stop->load(std::memory_order_relaxed)) return true;
  if (options_.duration_ns > 0 && mono_ns - begin_ns_ >= options_.duration_ns) return true;
  return child && child->ended();
}

Result<void> Recording::round(int64_t mono_ns) {
  TRY(source_.poll(kPollMs, [this](const event_header& event) { handle(event); }));
  take_answers();
  note_sizes(source_.table_sizes());
  note_sizes(dispatcher_->table_sizes());
  // A tick at the time of the events: what they say of the time after it has not come yet.
  const int64_t now = now_ns(CLOCK_MONOTONIC), wall_ns = now_ns(CLOCK_REALTIME);
  const int64_t reached_ns = source_.reached_ns() != 0 ? std::max(begin_ns_, source_.reached_ns()) : now;
  note(dispatcher_->tick(reached_ns, wall_ns - (now - reached_ns)));
  if (mono_ns - progress_ns_ < 1'000'000'000 || !options_.on_progress) return {};
  progress_ns_ = mono_ns;
  options_.on_progress({mono_ns - begin_ns_, dispatcher_->events(), dispatcher_->spans()});
  return {};
}

void Recording::handle(const event_header& event) {
  dispatcher_->handle(event);
  for (const CaptureWish& wish : dispatcher_->take_capture_wishes())
    source_.set_capture(wish.socket, wish.sent, wish.received);
  if (dispatcher_->full()) note(dispatcher_->push_rows());
}

// A refusal of the sink does not end the recording: the missing rows are counted, and the disk may have space again
// later.
void Recording::note(Result<void> pushed) {
  if (!pushed.has_value() && !refused_) refused_ = pushed.error();
}

void Recording::take_answers() {
  if (!asker_) return;
  for (LogRecord& log : asker_->take()) dispatcher_->add_log(std::move(log));
}

void Recording::note_sizes(const std::vector<TableSize>& sizes) {
  for (const TableSize& size : sizes) {
    auto same = std::find_if(most_tables_.begin(), most_tables_.end(),
                             [&](const TableSize& most) { return most.name == size.name; });
    if (same == most_tables_.end())
      most_tables_.push_back(size);
    else
      same->entries = std::max(same->entries, size.entries);
  }
}

Result<RecordSummary> Recording::end(Child* child) {
  const int64_t end_ns = now_ns(CLOCK_MONOTONIC);
  TRY(source_.stop([this](const event_header& event) { handle(event); }));
  if (asker_) {
    asker_->stop();
    take_answers();
    dispatcher_->count(LedgerKind::not_asked, static_cast<int64_t>(asker_->failures()), "reader",
                       "lock waits, each second");
  }
  RecordSummary summary;
  summary.recorder_cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - begin_cpu_ns_;
  const SourceCounts counts = source_.counts();
  dispatcher_->set_tiers(tiers_of(counts));
  auto finished = dispatcher_->finish(end_ns, counts, source_.open_waits(), summary.recorder_cpu_ns);
  if (!finished.has_value() && !refused_) refused_ = finished.error();
  auto flushed = sink_.flush();
  if (refused_) return std::move(*refused_);
  TRY(std::move(flushed));
  summary.host = dispatcher_->host();
  summary.events = summary.host.events;
  summary.lost = summary.host.events_lost;
  summary.kept = summary.events - summary.lost;
  summary.event_bytes = counts.bytes;
  summary.requests = dispatcher_->spans();
  summary.counts = counts;
  summary.tables = most_tables_;
  if (options_.inquiry) summary.asked = options_.inquiry->said();
  if (child) summary.command_status = child->ended();
  return summary;
}

SourceOptions source_options(const RecordOptions& options, const Child* child) {
  SourceOptions source;
  source.scope.all = options.all;
  source.scope.pids = options.pids;
  if (child) source.scope.pids = {child->pid()};
  source.ring_size_bytes = options.ring_size_bytes;
  source.probes = options.database_probes;
  source.measure_programs = options.measure_programs;
  return source;
}

}  // namespace

Result<RecordSummary> record_from(EventSource& source, HostView& view, const RecordOptions& options, Sink& sink) {
  return Recording(source, view, options, sink).run(nullptr);
}

Result<RecordSummary> record(const RecordOptions& options, Sink& sink) {
  std::optional<Child> child;
  if (!options.command.empty()) child.emplace(TRY(Child::start(options.command)));
  Child* running = child ? &*child : nullptr;
  std::unique_ptr<EventSource> source = TRY(open_bpf_source(source_options(options, running)));
  std::unique_ptr<HostView> view = make_proc_view();
  return Recording(*source, *view, options, sink).run(running);
}

}  // namespace culprit::capture
