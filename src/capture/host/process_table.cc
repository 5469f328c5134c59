#include "capture/host/process_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "base/text.h"
#include "capture/host/interpreter.h"
#include "statement/redact.h"

namespace culprit::capture {
namespace {

std::string_view unit_of(std::string_view cgroup) {
  const std::string_view last = base_name(cgroup);
  // Scopes and slices are sessions and groups, not services. The services below run any program that a user starts.
  if (!last.ends_with(".service") || last.starts_with("user@") || last.starts_with("session-")) return {};
  for (std::string_view shared :
       {"ssh.service", "sshd.service", "cron.service", "docker.service", "containerd.service", "init.service"})
    if (last == shared) return {};
  return last.substr(0, last.size() - 8);
}

// Returns the command line without its secrets. For a server process that writes its activity into the command line
// (PostgreSQL), returns only the program's name.
std::string shown_command(const ProcessFacts& facts) {
  constexpr size_t kMost = 1024;
  if (facts.command.empty()) return {};
  if (base_name(facts.executable) == "postgres" && facts.command[0].starts_with("postgres:")) return "postgres";
  std::string line;
  for (const std::string& word : facts.command) line.append(word).push_back('\0');
  std::string text = redact_command(line).text;
  return text.size() <= kMost ? text : repaired_utf8(text.substr(0, kMost)) + "…";
}

// Reduces the row of a process outside the scope to its pid, its name and its times.
Process shown_row(Process row) {
  if (row.recorded) return row;
  row.parent_pid = 0;
  row.executable.clear();
  row.command.clear();
  row.service.clear();
  row.cgroup.clear();
  row.cpus_allowed.clear();
  return row;
}

std::string script_run_by(const ProcessFacts& facts) {
  const std::string_view program = base_name(facts.executable);
  // If the executable cannot be read, the thread's name may identify the interpreter.
  return script_of(program.empty() ? std::string_view(facts.name) : program, facts.command);
}

// Returns the process's name. If that is only the interpreter's name, or is cut, returns what the interpreter runs.
std::string shown_name(const ProcessFacts& facts) {
  const std::string script = script_run_by(facts);
  const bool tells = script.empty() || (!is_interpreter(facts.name) && !script.starts_with(facts.name));
  return repaired_utf8(tells ? facts.name : script);
}

std::string fixed_text(const char* text, size_t size) { return repaired_utf8({text, strnlen(text, size)}); }

}  // namespace

std::string service_name(const ProcessFacts& facts) {
  if (!facts.service.empty()) return repaired_utf8(facts.service);
  const std::string_view program = base_name(facts.executable);
  if (program == "postgres" || facts.name == "postgres") return "postgresql";
  const std::string script = script_run_by(facts);
  if (!script.empty()) return repaired_utf8(script);
  const std::string_view unit = unit_of(facts.cgroup);
  if (!unit.empty()) return repaired_utf8(unit);
  // comm is cut at 15 bytes; the executable's name is not.
  if (!program.empty() && program.starts_with(facts.name)) return repaired_utf8(program);
  return repaired_utf8(facts.name.empty() ? program : std::string_view(facts.name));
}

Processes::Entry* Processes::find(int32_t pid) {
  auto found = entries_.find(pid);
  return found == entries_.end() ? nullptr : &found->second;
}

// Removes an eighth of the entries at the same time: the search for a single entry would visit the whole table.
void Processes::make_room() {
  if (entries_.size() < most_) return;
  std::vector<std::pair<std::pair<bool, uint64_t>, int32_t>> all;
  all.reserve(entries_.size());
  for (const auto& [pid, entry] : entries_) all.push_back({{entry.row.exited_ns == 0, entry.used}, pid});
  const auto last = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 8);
  std::nth_element(all.begin(), last, all.end());
  std::for_each(all.begin(), last + 1, [&](const auto& one) {
    auto place = entries_.find(one.second);
    if (place->second.dirty && place->second.has_row()) gone_.push_back(shown_row(std::move(place->second.row)));
    entries_.erase(place);
  });
}

Processes::Entry& Processes::at(int32_t pid) {
  auto place = entries_.find(pid);
  const bool fresh = place == entries_.end();
  if (fresh) {
    make_room();
    place = entries_.try_emplace(pid).first;
  }
  Entry& entry = place->second;
  entry.used = ++used_;
  if (!fresh) return entry;
  entry.row.pid = pid;
  ProcessFacts facts = view_.process(pid);
  if (!facts.found) {
    ++unseen_;
    return entry;
  }
  entry.known = true;
  entry.row.parent_pid = facts.parent_pid;
  entry.row.started_ns = facts.started_ns;
  entry.row.name = shown_name(facts);
  entry.row.executable = redact_file(facts.executable).text;
  entry.row.command = shown_command(facts);
  entry.row.cgroup = repaired_utf8(facts.cgroup);
  entry.row.service = service_name(facts);
  entry.throttled_before_ns = view_.throttled_ns(pid);
  return entry;
}

void Processes::forked(int32_t pid, int32_t parent_pid, const char* name, int64_t wall_ns) {
  auto old = entries_.find(pid);
  if (old != entries_.end()) {
    if (old->second.row.exited_ns != 0 && old->second.has_row()) gone_.push_back(shown_row(std::move(old->second.row)));
    entries_.erase(old);
  }
  Entry& parent = at(parent_pid);
  Entry child;
  child.row = parent.row;  // after fork the child runs the same program, with its own numbers
  child.known = parent.known;
  child.in_scope = true;
  child.row.pid = pid;
  child.row.parent_pid = parent_pid;
  child.row.started_ns = wall_ns;
  child.row.exited_ns = 0;
  child.row.running_ns = child.row.runnable_ns = 0;
  child.row.name = fixed_text(name, 16);
  if (is_interpreter(child.row.name)) child.row.name = parent.row.name;  // after fork the child runs the same script
  child.throttled_before_ns = parent.throttled_before_ns;
  child.used = ++used_;
  make_room();
  entries_.insert_or_assign(pid, std::move(child));
}

void Processes::executed(int32_t pid, const char* name, const char* path) {
  Entry& entry = at(pid);
  ProcessFacts facts = view_.process(pid);  // the process may have ended or changed: the event's values take precedence
  facts.name = fixed_text(name, 16);
  const std::string told = fixed_text(path, 128);
  if (facts.executable.empty()) facts.executable = told;
  if (facts.found) entry.row.parent_pid = facts.parent_pid;
  entry.known = true;
  entry.in_scope = true;
  entry.dirty = true;
  entry.row.name = shown_name(facts);
  entry.row.executable = redact_file(facts.executable).text;
  entry.row.command = shown_command(facts);
  if (!facts.cgroup.empty()) entry.row.cgroup = repaired_utf8(facts.cgroup);
  entry.row.service = service_name(facts);
}

void Processes::exited(int32_t pid, int32_t code, int64_t wall_ns) {
  Entry* entry = find(pid);
  if (!entry) return;
  entry->row.exited_ns = wall_ns;
  entry->row.exit_code = code;
  entry->dirty = true;
}

void Processes::blame(int32_t pid) {
  if (pid <= 0) return;
  if (Entry* known = find(pid); known && known->has_row()) {
    if (!known->blamed || known->blamed_now || known->in_scope || known->row.recorded || rechecked_ >= kMostRechecked)
      return;
    // The end of a process outside the scope is not reported: its pid may have been reused.
    ++rechecked_;
    known->blamed_now = true;
    const ProcessFacts facts = view_.process(pid);
    if (!facts.found || facts.started_ns == known->row.started_ns) return;
    if (known->dirty) gone_.push_back(shown_row(std::move(known->row)));
    entries_.erase(pid);
  }
  Entry& entry = at(pid);
  entry.blamed = entry.blamed_now = true;
}

void Processes::set_activity(int32_t pid, int64_t running_ns, int64_t runnable_ns) {
  Entry* entry = find(pid);
  if (!entry) return;
  entry->dirty |= !entry->row.recorded || entry->row.running_ns != running_ns || entry->row.runnable_ns != runnable_ns;
  entry->row.recorded = true;
  entry->row.running_ns = running_ns;
  entry->row.runnable_ns = runnable_ns;
}

std::vector<int32_t> Processes::vanished(size_t most) {
  std::vector<int32_t> pids;
  // With one call a second, a table of 10,000 processes is checked within a minute.
  for (size_t i = 0; i < most && !entries_.empty(); ++i) {
    if (unchecked_.empty()) {
      for (const auto& [pid, entry] : entries_)
        if (entry.row.exited_ns == 0) unchecked_.push_back(pid);
      if (unchecked_.empty()) break;
    }
    const int32_t pid = unchecked_.back();
    unchecked_.pop_back();
    const Entry* entry = find(pid);
    if (entry && entry->row.exited_ns == 0 && !view_.alive(pid)) pids.push_back(pid);
  }
  return pids;
}

void Processes::begin_cpu_times() {
  for (const CpuTimes& times : view_.cpu_times()) begin_.insert_or_assign(times.pid, times);
}

void Processes::end_cpu_times() {
  for (const CpuTimes& now : view_.cpu_times()) {
    CpuTimes before;
    auto found = begin_.find(now.pid);
    if (found != begin_.end() && found->second.started_ns == now.started_ns) before = found->second;
    const int64_t running_ns = now.running_ns - before.running_ns;
    Entry* entry = find(now.pid);
    if (!entry || !entry->has_row()) continue;
    if (entry->row.recorded && entry->row.running_ns > 0) continue;  // the counts from events are exact
    entry->row.running_ns = running_ns;
    entry->row.runnable_ns = std::max<int64_t>(0, now.runnable_ns - before.runnable_ns);
    entry->dirty = true;
  }
  for (auto& [pid, entry] : entries_) {
    if (!entry.row.recorded || entry.row.exited_ns != 0) continue;
    entry.row.throttled_ns = std::max<int64_t>(0, view_.throttled_ns(pid) - entry.throttled_before_ns);
    std::string cpus = view_.cpus_allowed(pid);  // its CPUs may have been restricted since
    entry.dirty |= entry.row.throttled_ns > 0 || cpus != entry.row.cpus_allowed;
    if (!cpus.empty()) entry.row.cpus_allowed = std::move(cpus);
  }
}

std::string Processes::title(int32_t pid) {
  const ProcessFacts facts = view_.process(pid);
  return facts.command.empty() ? std::string() : facts.command.front();
}

std::vector<Process> Processes::take_changed(const std::string& host) {
  std::vector<Process> rows = std::move(gone_);
  gone_.clear();
  rechecked_ = 0;
  // Called about once a second: within this time, every request that waited for the process has been reported.
  constexpr uint32_t kRoundsAfterExit = 30;
  for (auto place = entries_.begin(); place != entries_.end();) {
    Entry& entry = place->second;
    if (entry.dirty && entry.has_row()) rows.push_back(shown_row(entry.row));
    entry.dirty &= !entry.has_row();
    entry.blamed_now = false;
    const bool over = entry.row.exited_ns != 0 && ++entry.rounds_after_exit > kRoundsAfterExit;
    place = over ? entries_.erase(place) : std::next(place);
  }
  for (Process& row : rows) row.host = host;
  std::sort(rows.begin(), rows.end(), [](const Process& a, const Process& b) {
    return a.pid != b.pid ? a.pid < b.pid : a.started_ns < b.started_ns;
  });
  return rows;
}

}  // namespace culprit::capture
