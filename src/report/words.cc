#include "report/words.h"

#include "base/text.h"

namespace culprit::report {

namespace {

// Returns the number of format_duration() without its unit, and the unit.
std::pair<std::string, std::string> parts(int64_t duration_ns) {
  std::string text = format_duration(duration_ns);
  size_t blank = text.find(' ');
  return {text.substr(0, blank), text.substr(blank + 1)};
}

}  // namespace

std::string cause_name(const Finding& finding) {
  std::string name(to_string(finding.cause));
  return finding.mechanism == Mechanism::None ? name : name + "/" + std::string(to_string(finding.mechanism));
}

std::string interval_text(const Interval& interval) {
  auto low = parts(interval.low_ns), high = parts(interval.high_ns);
  if (low.second == high.second) return low.first + "–" + high.first + " " + high.second;
  return low.first + " " + low.second + "–" + high.first + " " + high.second;
}

std::string change_text(int64_t from_ns, int64_t to_ns, const Interval& interval) {
  auto from = parts(from_ns), to = parts(to_ns);
  std::string text =
      from.first + (from.second == to.second ? "" : " " + from.second) + " → " + to.first + " " + to.second;
  if (interval.high_ns <= interval.low_ns) return text;
  auto low = parts(interval.low_ns), high = parts(interval.high_ns);
  bool same = low.second == to.second && high.second == to.second;
  return text + " (" + (same ? low.first + "–" + high.first : interval_text(interval)) + ")";
}

std::string false_alarms_text(double share) {
  return "at most " + format_share(share) + " of comparisons of a system with itself report a change";
}

std::string plural(int64_t n, std::string_view unit) {
  std::string text = format_count(n) + " " + std::string(unit);
  if (n == 1) return text;
  if (text.ends_with("s")) return text + "es";  // process
  return text + "s";
}

std::string ledger_text(const LedgerRow& row) {
  std::string text = plural(row.n, row.unit) + " " + row.kind;
  std::string where = row.service.empty() ? row.source : row.service;
  if (!row.stage.empty()) where += (where.empty() ? "" : ", ") + row.stage;
  if (!where.empty()) text += " (" + where + ")";
  if (!row.detail.empty()) text += ": " + row.detail;
  if (row.evidence != Evidence::Exact) text += " [" + std::string(to_string(row.evidence)) + "]";
  return printable(text);
}

std::string account_text(const Account& account, const std::vector<LedgerRow>& rows) {
  std::string text;
  for (auto& [unit, n] : account.received) {
    if (n == 0 && account.received.size() > 1) continue;
    auto count = [&](const UnitCounts& counts) {
      auto found = counts.find(unit);
      return found == counts.end() ? 0 : found->second;
    };
    int64_t accounted = count(account.accounted);
    text +=
        (text.empty() ? "" : ", ") + plural(n, unit) + " received = " + format_count(count(account.stored)) + " stored";
    if (accounted != 0) text += " + " + format_count(accounted) + " accounted for";
  }
  if (text.empty()) text = "nothing received";
  if (!account.balanced()) text += " — does not add up: please report this as a bug";
  return text + (rows.empty() ? "; nothing lost, nothing guessed"
                              : "; " + plural(static_cast<int64_t>(rows.size()), "ledger row"));
}

std::string window_text(int64_t from_ns, int64_t to_ns, Zone zone) {
  if (from_ns == 0 && to_ns == 0) return "no time";
  return format_time(from_ns, zone) + " to " + format_time(to_ns, zone);
}

}  // namespace culprit::report
