#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "cli/recording_check.h"
#include "report/paragraph.h"

namespace culprit::cli {

namespace {

using PartState = CheckedPart::State;
using HookState = capture::ProbeState::State;

constexpr int kLabel = 12;

std::string verdict_of(const RecordingCheck& check) {
  if (!check.refused) return "Recording works here.";
  return "Recording does not work here: " + printable(check.refused->message) + ".";
}

std::string machine_text(const RecordingCheck& check) {
  std::string text = "Linux " + printable(check.kernel) + ", " + printable(check.machine) + ", " +
                     format_count(check.cpus) + (check.cpus == 1 ? " CPU, " : " CPUs, ") +
                     (check.btf ? "with BTF" : "without BTF (/sys/kernel/btf/vmlinux)");
  if (!check.lockdown.empty() && check.lockdown != "none") text += ", lockdown: " + printable(check.lockdown);
  if (check.own_pid_namespace) text += "; in a container with process numbers of its own";
  if (check.in_user_namespace) text += "; in a user namespace";
  return text;
}

std::string hooks_text(const CheckedPart& part) {
  std::string text;
  for (const capture::ProbeState& hook : part.hooks) {
    text += (text.empty() ? "" : ", ") + printable(hook.name);
    if (hook.state == HookState::Missing || hook.state == HookState::Failed)
      text += " (" + printable(hook.reason) + ")";
  }
  return text;
}

std::string_view name_of(HookState state) {
  switch (state) {
    case HookState::Attached: return "attached";
    case HookState::Missing: return "missing";
    case HookState::Failed: return "failed";
    case HookState::OverBudget: return "over_budget";
    case HookState::Off: return "not_tried";
  }
  return "";
}

void write_parts(JsonWriter& json, const RecordingCheck& check) {
  json.key("parts").begin_array();
  for (const CheckedPart& part : check.parts) {
    json.begin_object().member("name", part.name).member("gives", part.gives).member("state", to_string(part.state));
    json.key("hooks").begin_array();
    for (const capture::ProbeState& hook : part.hooks) {
      json.begin_object().member("name", hook.name).member("state", name_of(hook.state));
      if (!hook.reason.empty()) json.member("reason", hook.reason);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace

std::string_view to_string(CheckedPart::State state) {
  switch (state) {
    case PartState::Works: return "works";
    case PartState::Partly: return "partly";
    case PartState::Missing: return "missing";
    case PartState::NotTried: return "not tried";
  }
  return "";
}

std::string check_text(const RecordingCheck& check, int width) {
  report::Paragraph out(width, false);
  out.line(0, verdict_of(check));
  out.labelled(0, "machine", kLabel, machine_text(check));
  bool first = true;
  for (const CheckedRight& right : check.rights) {
    out.labelled(0, first ? "rights" : "", kLabel,
                 std::string(right.name) + ": " +
                     (right.held     ? "held"
                      : right.needed ? "missing, needed "
                                     : "missing, ") +
                     (right.held ? ", " : "") + std::string(right.use));
    first = false;
  }
  for (const CheckedPart& part : check.parts) {
    out.labelled(0, part.name, kLabel, std::string(to_string(part.state)) + ": " + std::string(part.gives));
    out.labelled(0, "", kLabel, "by " + hooks_text(part));
  }
  out.labelled(0, "statements", kLabel,
               check.refused ? "not tried: texts of PostgreSQL's statements on encrypted connections"
               : check.database_probes
                   ? "works: texts of PostgreSQL's statements on encrypted connections, by a probe on its server"
                   : "missing: texts of PostgreSQL's statements on encrypted connections need all rights above");
  const std::string command = granting_command(check);
  if (!command.empty()) out.labelled(0, "grant", kLabel, printable(command));
  out.labelled(0, "next", kLabel,
               !check.refused ? "culprit why"
               : check.refused->kind == Error::Kind::Denied && check.uid != 0
                   ? "sudo culprit why, or without rights: culprit demo"
                   : "culprit demo shows recordings that come with the program");
  return out.take();
}

std::string check_json(const RecordingCheck& check) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.doctor/1").member("recording", !check.refused.has_value());
  json.key("refused");
  if (check.refused)
    json.begin_object()
        .member("right_missing", check.refused->kind == Error::Kind::Denied)
        .member("message", check.refused->message)
        .end_object();
  else
    json.null();
  json.member("grant", granting_command(check));
  json.key("machine").begin_object().member("kernel", check.kernel).member("machine", check.machine);
  json.member("cpus", check.cpus).member("btf", check.btf).member("lockdown", check.lockdown);
  json.member("own_pid_namespace", check.own_pid_namespace).member("user_namespace", check.in_user_namespace);
  json.end_object().member("uid", check.uid).key("rights").begin_array();
  for (const CheckedRight& right : check.rights)
    json.begin_object()
        .member("name", right.name)
        .member("use", right.use)
        .member("needed", right.needed)
        .member("held", right.held)
        .end_object();
  json.end_array();
  write_parts(json, check);
  json.member("statement_texts", check.database_probes).end_object();
  return json.take() + "\n";
}

}  // namespace culprit::cli
