#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/paragraph.h"
#include "report/render.h"
#include "report/words.h"

namespace culprit::report {

namespace {

constexpr int kIndent = 3;       // below the rank
constexpr int kLabelWidth = 10;  // width of the longest label, "would flip"
constexpr int kRightColumn = 56;

// Draws `share` of `cells` columns as a bar, in steps of an eighth.
std::string bar(double share, int cells) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * cells * 8));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

std::string inside_text(const WaitSums& waits) {
  static constexpr std::pair<Wait, const char*> kNames[] = {
      {Wait::Running, "running"}, {Wait::Runnable, "for a CPU"}, {Wait::Lock, "lock"},   {Wait::Disk, "disk"},
      {Wait::Network, "network"}, {Wait::Peer, "peer"},          {Wait::Sleep, "sleep"}, {Wait::Other, "other"}};
  int64_t total = 0;
  for (int64_t ns : waits.ns) total += ns;
  if (!waits.known || total <= 0) return {};
  std::vector<std::pair<double, std::string>> parts;
  for (auto& [wait, name] : kNames) {
    double share = static_cast<double>(waits[wait]) / static_cast<double>(total);
    bool always = wait == Wait::Running || wait == Wait::Runnable || wait == Wait::Lock || wait == Wait::Disk;
    if (share >= 0.005 || always) parts.push_back({share, name});
  }
  std::stable_sort(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.first > b.first; });
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += "   ";
    text += parts[i].second + " " + (i == 0 ? bar(parts[i].first, 20) + " " : "") + format_share(parts[i].first);
  }
  return text;
}

std::string path_text(const std::vector<PathStep>& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (!text.empty()) text += " → ";
    text += printable(step.entity);
    if (step.share > 0) text += " " + format_share(step.share);
  }
  return text;
}

std::string place_text(const Entity& entity) {
  std::string text = entity.system;
  if (!entity.instance.empty()) text += (text.empty() ? "" : " ") + entity.instance;
  if (entity.pid != 0)
    text += (text.empty() ? "pid " : " (pid ") + std::to_string(entity.pid) + (text.empty() ? "" : ")");
  return printable(text);
}

std::string caller_text(const Finding& finding) {
  std::string text = printable(finding.caller);
  if (finding.caller_pid != 0) text += " (pid " + std::to_string(finding.caller_pid) + ")";
  if (!finding.operation.empty()) text += " for " + printable(finding.operation);
  char rate[48];
  if (finding.calls_per_request > 0) {
    std::snprintf(rate, sizeof rate, ", %.*f per request", finding.calls_per_request < 9.95 ? 1 : 0,
                  finding.calls_per_request);
    text += rate;
  }
  return text;
}

std::string saves_text(const Finding& finding) {
  int64_t now = finding.effect.after_ns;
  if (now <= 0) return {};
  const Finding::Saving& saving = finding.saving;
  if (!saving.comparable) {
    std::string most = "at most: p95 " + change_text(now, std::max<int64_t>(0, now - saving.most_ns), {}) + " if " +
                       printable(saving.assuming);
    return most + "; nothing comparable tells what it would likely be";
  }
  Interval left{std::max<int64_t>(0, now - saving.interval.high_ns),
                std::max<int64_t>(0, now - saving.interval.low_ns)};
  std::string text = "p95 " + change_text(now, std::max<int64_t>(0, now - saving.likely_ns), left);
  if (!saving.assuming.empty()) text += " if " + printable(saving.assuming);
  if (finding.effect.share_of_path > 0)
    text += "; at most " + format_share(finding.effect.share_of_path) + " of the time";
  return text;
}

void put_holder(Paragraph& out, const Finding& finding) {
  if (!finding.holder) return;
  const Entity& holder = *finding.holder;
  std::string text = printable(holder.name);
  if (holder.pid != 0) text += std::string(text.empty() ? "" : ", ") + "pid " + std::to_string(holder.pid);
  if (!holder.statement.empty()) text += ", last statement: " + printable(holder.statement);
  out.labelled(kIndent, "held by", kLabelWidth, text);
}

void put_finding(Paragraph& out, const Finding& finding, const std::string& source) {
  std::string right = "confidence " + std::string(to_string(finding.confidence));
  right +=
      " (next best: " + (finding.next_best ? std::string(to_string(finding.next_best->cause)) : std::string("none")) +
      ")";
  out.both_ends(0, std::to_string(finding.rank) + "  " + cause_name(finding), right, Style::Red);
  const std::string& name = finding.entity.statement.empty() ? finding.entity.name : finding.entity.statement;
  out.columns(kIndent, printable(name), kRightColumn, place_text(finding.entity));
  auto put = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) out.labelled(kIndent, label, kLabelWidth, text);
  };
  if (!finding.caller.empty()) put("sent by", caller_text(finding));
  put_holder(out, finding);
  put("path", path_text(finding.path));
  put("inside", inside_text(finding.inside));
  bool first = true;
  for (const EvidenceLine& line : finding.evidence) {
    put(first ? "why" : "", printable(line.text) + (line.how.empty() ? "" : "  [" + line.how + "]"));
    first = false;
  }
  put("saves", saves_text(finding));
  first = true;
  for (const std::string& line : finding.against) {
    put(first ? "against" : "", printable(line));
    first = false;
  }
  if (finding.next_best && !finding.next_best->what_would_tell.empty())
    put("or else", std::string(to_string(finding.next_best->cause)) +
                       "; to tell: " + printable(finding.next_best->what_would_tell));
  put("try", printable(finding.advice));
  if (!finding.exemplars.empty()) {
    // The whole id is printed. Its first digits are not unique: they are zeros in ids of 64 bits, and equal in ids that
    // begin with a time.
    std::string from = source.empty() ? "" : " -s " + shell_quoted(source);
    put("see", "culprit show " + to_hex(finding.exemplars.front()) + from);
  }
  put("about", "culprit help " + std::string(to_string(finding.cause)));
}

std::string operation_text(const Answer& answer) {
  const OperationSummary& operation = answer.operation;
  std::string text = plural(operation.requests, "request");
  if (answer.to_ns > answer.from_ns) text += " in " + format_duration(answer.to_ns - answer.from_ns);
  text += "   p50 " + format_duration(operation.p50_ns) + "   p95 " + format_duration(operation.p95_ns);
  if (operation.errors > 0) text += "   " + plural(operation.errors, "error");
  if (operation.unfinished > 0) text += "   " + format_count(operation.unfinished) + " unfinished";
  int64_t others = 0;
  for (const OperationSummary& other : answer.operations)
    if (other.name != operation.name || other.service != operation.service) others = std::max(others, other.p95_ns);
  if (answer.operations.size() > 1) text += "   (other operations: p95 ≤ " + format_duration(others) + ")";
  return text;
}

}  // namespace

std::string why_text(const Answer& answer, const Look& look) {
  Paragraph out(look.width, look.color);
  std::string verdict = answer.verdict == Verdict::NoData ? "no data" : std::string(to_string(answer.verdict));
  std::string summary = answer.verdict == Verdict::Undecided ? "Cannot tell. " + answer.summary : answer.summary;
  out.both_ends(0, printable(summary), "verdict: " + verdict, Style::Bold);
  if (answer.operation.requests > 0) out.line(0, operation_text(answer));
  for (const Finding& finding : answer.findings) {
    out.blank();
    put_finding(out, finding, answer.source);
  }
  if (!answer.findings.empty()) out.blank();
  constexpr int kFootWidth = 12;
  if (look.window) out.labelled(0, "window", kFootWidth, window_text(answer.from_ns, answer.to_ns, look.zone));
  bool first = true;
  for (const std::string& line : answer.not_seen) {
    out.labelled(0, first ? "not seen" : "", kFootWidth, printable(line));
    first = false;
  }
  for (const std::string& line : answer.asked) out.labelled(0, "asked", kFootWidth, printable(line));
  if (!answer.findings.empty() && !answer.findings.front().would_flip.empty())
    out.labelled(0, "would flip", kFootWidth, printable(answer.findings.front().would_flip));
  if (answer.false_alarms > 0) out.labelled(0, "error", kFootWidth, false_alarms_text(answer.false_alarms));
  out.labelled(0, "trust", kFootWidth, account_text(answer.quality.account, answer.quality.rows));
  for (size_t i = 0; i < answer.quality.rows.size() && i < 5; ++i)
    out.labelled(0, "", kFootWidth, ledger_text(answer.quality.rows[i]), Style::Dim);
  if (!answer.next_command.empty()) out.labelled(0, "next", kFootWidth, printable(answer.next_command));
  return out.take();
}

std::string why_markdown(const Answer& answer, const Look& look) {
  Look page = look;
  page.width = Look().width;
  page.color = false;
  std::string body = why_text(answer, page), fence = "```", title;
  while (body.find(fence) != std::string::npos) fence += '`';  // no text inside the block can end the block
  for (char c : printable(answer.summary)) {
    if (std::string_view("\\`*_[]<>&#|").find(c) != std::string_view::npos) title += '\\';
    title += c;
  }
  return "# " + title + "\n\n" + fence + "text\n" + body + fence + "\n";
}

}  // namespace culprit::report
