#include "requests/scheduling/process_table.h"

#include <algorithm>
#include <utility>

namespace culprit::requests {

void ProcessActivity::remember(const RanStatement& statement) {
  ran[next_ran++ % ran.size()] = statement;
  if (statement.takes_locks) locked[next_locked++ % locked.size()] = statement;
}

ProcessActivity* ProcessTable::find(int32_t pid) {
  auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

const ProcessActivity* ProcessTable::find(int32_t pid) const {
  auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

ProcessActivity& ProcessTable::at(int32_t pid) {
  auto place = processes_.find(pid);
  if (place == processes_.end()) {
    make_room();
    place = processes_.try_emplace(pid).first;
    place->second.info = host_.process(pid);
    place->second.info.pid = pid;
  }
  place->second.used = ++used_;
  return place->second;
}

// Removes an eighth of the entries at once: a search for a single entry would visit the whole table.
void ProcessTable::make_room() {
  if (processes_.size() < most_) return;
  std::vector<std::pair<std::pair<bool, uint64_t>, int32_t>> all;
  all.reserve(processes_.size());
  for (const auto& [pid, process] : processes_) all.push_back({{process.exited_ns == 0, process.used}, pid});
  const auto last = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 8);
  std::nth_element(all.begin(), last, all.end());
  std::for_each(all.begin(), last + 1, [&](const auto& one) { processes_.erase(one.second); });
  evicted_ += static_cast<size_t>(last + 1 - all.begin());
}

void ProcessTable::forked(int32_t pid, int32_t parent_pid, int64_t time_ns) {
  ProcessActivity child;
  child.info = at(parent_pid).info;  // a forked child runs the same program until it calls exec
  child.info.pid = pid;
  child.info.parent_pid = parent_pid;
  child.forked_ns = time_ns;
  child.used = ++used_;
  if (!processes_.contains(pid)) make_room();
  processes_.insert_or_assign(pid, std::move(child));
}

void ProcessTable::executed(int32_t pid) {
  ProcessActivity& process = at(pid);
  process.info = host_.process(pid);
  process.info.pid = pid;
}

void ProcessTable::exited(int32_t pid, int64_t time_ns) {
  ProcessActivity* process = find(pid);
  if (!process) return;
  process->exited_ns = time_ns;
  endings_[next_ending_++ % endings_.size()] = {pid, process->info.parent_pid, process->forked_ns, time_ns};
}

int32_t ProcessTable::child_that_ended(int32_t parent, int64_t born_ns, int64_t from_ns, int64_t to_ns) const {
  Ending last;
  for (const Ending& ending : endings_)
    if (ending.parent_pid == parent && ending.forked_ns >= born_ns && ending.at_ns >= from_ns &&
        ending.at_ns <= to_ns && ending.at_ns > last.at_ns)
      last = ending;
  return last.pid;
}

bool ProcessTable::siblings(int32_t a, int32_t b) {
  at(a);  // inserts `a` first: a later insertion could move its entry
  const ProcessInfo& second = at(b).info;
  const ProcessInfo& first = at(a).info;
  if (!first.known || !second.known) return false;
  if (first.parent_pid == b || second.parent_pid == a) return false;
  if (!first.executable.empty()) return first.executable == second.executable;
  return first.service == second.service;
}

std::vector<int32_t> ProcessTable::recorded(std::string_view service) const {
  std::vector<int32_t> pids;
  for (const auto& [pid, process] : processes_)
    if (process.recorded && process.exited_ns == 0 && process.info.service == service) pids.push_back(pid);
  std::sort(pids.begin(), pids.end());
  return pids;
}

void ProcessTable::forget(int64_t before_ns) {
  std::erase_if(processes_,
                [&](const auto& item) { return item.second.exited_ns != 0 && item.second.exited_ns < before_ns; });
}

}  // namespace culprit::requests
