#include "model/database_inspector.h"

#include "base/text.h"

namespace culprit {

LogRecord to_log(const LockWait& wait) {
  LogRecord log;
  log.time_ns = log.observed_ns = wait.time_ns;
  log.severity = 9;  // INFO (OpenTelemetry logs data model, "Severity Fields")
  log.severity_text = "INFO";
  log.event_name = kLockWaitEvent;
  log.service = "postgresql";
  log.pid = wait.waiter_pid;
  log.body = "pid " + std::to_string(wait.waiter_pid) + " waits for a lock that pid " +
             std::to_string(wait.holder_pid) + " holds, for " + format_duration(wait.waited_ns);
  auto text = [&](const char* key, const std::string& value) { log.attributes.push_back({key, Value(value)}); };
  auto number = [&](const char* key, int64_t value) { log.attributes.push_back({key, Value(value)}); };
  text("instance", wait.instance);
  number("waiter_pid", wait.waiter_pid);
  text("waiter_statement", wait.waiter_statement);
  number("waited_ns", wait.waited_ns);
  number("holder_pid", wait.holder_pid);
  text("holder_program", wait.holder_program);
  text("holder_state", wait.holder_state);
  text("holder_statement", wait.holder_statement);
  number("held_ns", wait.held_ns);
  text("relation", wait.relation);
  text("lock", wait.lock);
  text("mode", wait.mode);
  return log;
}

std::optional<LockWait> lock_wait_from(const LogRecord& log) {
  if (log.event_name != kLockWaitEvent) return std::nullopt;
  LockWait wait;
  auto text = [&](const char* key) { return std::string(find_text(log.attributes, key)); };
  auto number = [&](const char* key) { return find_integer(log.attributes, key, 0); };
  wait.time_ns = log.time_ns;
  wait.instance = text("instance");
  wait.waiter_pid = static_cast<int32_t>(number("waiter_pid"));
  wait.waiter_statement = text("waiter_statement");
  wait.waited_ns = number("waited_ns");
  wait.holder_pid = static_cast<int32_t>(number("holder_pid"));
  wait.holder_program = text("holder_program");
  wait.holder_state = text("holder_state");
  wait.holder_statement = text("holder_statement");
  wait.held_ns = number("held_ns");
  wait.relation = text("relation");
  wait.lock = text("lock");
  wait.mode = text("mode");
  return wait;
}

}  // namespace culprit
