#include <charconv>
#include <optional>

#include "base/text.h"
#include "ingest/console/console.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/ids.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/span_names.h"

namespace culprit::console {

namespace {

constexpr std::string_view kFirstKey = "Activity.TraceId:";

// Parses "[-][d.]hh:mm:ss[.fffffff]", the format of .NET's TimeSpan.
std::optional<int64_t> time_span_ns(std::string_view text) {
  int64_t fields[3] = {}, days = 0;
  auto take_number = [&](int64_t& into) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    bool taken = error == std::errc() && into >= 0 && into < 1'000'000;
    if (taken) text.remove_prefix(static_cast<size_t>(end - text.data()));
    return taken;
  };
  if (size_t colon = text.find(':'), dot = text.find('.'); dot < colon) {
    if (!take_number(days) || !text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && !text.starts_with(':')) return std::nullopt;
    if (i > 0) text.remove_prefix(1);
    if (!take_number(fields[i])) return std::nullopt;
  }
  int64_t ns = 0;
  if (text.starts_with('.')) {
    int64_t unit_ns = 100'000'000;
    for (text.remove_prefix(1); !text.empty() && text.front() >= '0' && text.front() <= '9';
         text.remove_prefix(1), unit_ns /= 10)
      ns += unit_ns * (text.front() - '0');
  }
  if (!text.empty()) return std::nullopt;
  return (((days * 24 + fields[0]) * 60 + fields[1]) * 60 + fields[2]) * 1'000'000'000 + ns;
}

// The span whose lines are being read.
class Activity {
 public:
  // Returns false if `line` is no part of a span.
  bool line(std::string_view line);
  void emit(Intake& intake) const;

 private:
  enum class Section : uint8_t { None, Tags, Events, Links, Resource, Scope };

  bool field(std::string_view key, std::string_view value);
  void entry(std::string_view key, std::string_view value, std::string_view line);

  Section section_ = Section::None;
  std::string trace_id_, span_id_, parent_id_;
  std::string start_, duration_;
  std::string status_, status_text_;
  Span span_;
  Resource resource_;
};

bool Activity::line(std::string_view line) {
  static constexpr std::pair<std::string_view, Section> kSections[] = {
      {"Activity.Tags:", Section::Tags},
      {"Activity.Events:", Section::Events},
      {"Activity.Links:", Section::Links},
      {"Resource associated with Activity:", Section::Resource},
      {"Instrumentation scope (ActivitySource):", Section::Scope}};
  bool indented = line.starts_with("    ");
  std::string_view text = trimmed(line);
  for (auto& [name, section] : kSections) {
    if (indented || text != name) continue;
    section_ = section;
    return true;
  }
  size_t colon = text.find(": ");
  std::string_view key = text.substr(0, colon == std::string_view::npos ? text.size() - text.ends_with(':') : colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : trimmed(text.substr(colon + 2));
  bool status = key == "StatusCode" || key == "Activity.StatusDescription";
  if (indented && !status) {
    entry(key, value, line);
    return true;
  }
  if (!field(key, value)) return false;
  if (!indented) section_ = Section::None;
  return true;
}

bool Activity::field(std::string_view key, std::string_view value) {
  static constexpr std::pair<std::string_view, std::string Activity::*> kTexts[] = {
      {"Activity.TraceId", &Activity::trace_id_},
      {"Activity.SpanId", &Activity::span_id_},
      {"Activity.ParentSpanId", &Activity::parent_id_},
      {"Activity.StartTime", &Activity::start_},
      {"Activity.Duration", &Activity::duration_},
      {"StatusCode", &Activity::status_},
      {"Activity.StatusDescription", &Activity::status_text_}};
  bool known = key.starts_with("Activity.");
  for (auto& [name, into] : kTexts) {
    if (key != name) continue;
    this->*into = value;
    known = true;
  }
  if (key == "Activity.TraceState") span_.trace_state = value;
  if (key == "Activity.DisplayName") span_.name = value;
  if (key == "Activity.ActivitySourceName") resource_.scope_name = value;
  if (key == "Activity.ActivitySourceVersion") resource_.scope_version = value;
  if (key == "Activity.Kind") span_.kind = span_kind_of(value).value_or(SpanKind::Unspecified);
  if (key == "Activity.TraceFlags") span_.otel_flags = value == "Recorded" ? 1 : 0;
  return known;
}

void Activity::entry(std::string_view key, std::string_view value, std::string_view line) {
  switch (section_) {
    case Section::Tags: span_.attributes.push_back({std::string(key), std::string(value)}); break;
    case Section::Resource: resource_.attributes.push_back({std::string(key), std::string(value)}); break;
    case Section::Scope:
      if (key == "Name") resource_.scope_name = value;
      if (key == "Version") resource_.scope_version = value;
      break;
    case Section::Events: {
      bool deeper = line.starts_with("        ");
      std::string_view text = trimmed(line);
      size_t open = text.rfind(" [");
      if (deeper && !span_.events.empty())
        span_.events.back().attributes.push_back({std::string(key), std::string(value)});
      else if (!deeper && open != std::string_view::npos && text.ends_with(']'))
        span_.events.push_back({rfc3339_ns(text.substr(open + 2, text.size() - open - 3)).value_or(0),
                                std::string(text.substr(0, open)),
                                {},
                                0});
      break;
    }
    case Section::Links: {
      std::string_view text = trimmed(line);
      size_t space = text.find(' ');
      if (space == std::string_view::npos) break;
      auto trace_id = read_trace_id(text.substr(0, space), IdLength::Whole);
      auto span_id = read_span_id(text.substr(space + 1), IdLength::Whole);
      if (trace_id.id && span_id.id && !trace_id.hashed && !span_id.hashed)
        span_.links.push_back({*trace_id.id, *span_id.id, {}, {}, 0, 0});
      break;
    }
    case Section::None: break;
  }
}

void Activity::emit(Intake& intake) const {
  intake.set_resource(resource_);
  Span& span = intake.begin_span();
  span = span_;
  span.trace_id = intake.take_id(read_trace_id(trace_id_, IdLength::Whole));
  span.span_id = intake.take_id(read_span_id(span_id_, IdLength::Whole));
  span.parent_span_id = intake.take_id(read_span_id(parent_id_, IdLength::Whole));
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
  auto start_ns = rfc3339_ns(start_), duration_ns = time_span_ns(duration_);
  if (span.trace_id.zero() || span.span_id == 0) {
    intake.sum(LedgerKind::zero_id, 1, intake.resource().service);
    return intake.refuse_span("a trace or span id is missing, zero or of the wrong length");
  }
  if (!start_ns || !duration_ns) return intake.refuse_span("its times cannot be read");
  span.start_ns = *start_ns;
  span.duration_ns = *duration_ns;
  for (SpanEvent& event : span.events)
    // the date is printed in the computer's local format, which cannot be parsed
    if (event.time_ns == 0) event.time_ns = span.start_ns;
  span.status = span_status_of(status_).value_or(SpanStatus::Unset);
  span.status_message = status_text_;
  intake.end_span();
}

}  // namespace

bool is_dotnet(std::string_view front) {
  for (std::string_view line : split(front, '\n'))
    if (line.starts_with(kFirstKey)) return true;
  return false;
}

Result<void> decode_dotnet(Framing& framing, Intake& intake) {
  std::optional<Activity> activity;
  intake.summary().behind_text = true;
  auto finish = [&] {
    if (activity) activity->emit(intake);
    if (activity) intake.piece_read();
    activity.reset();
  };
  while (true) {
    std::optional<Piece> piece = TRY(framing.next_line());
    if (!piece) break;
    if (!intake.piece_fits(*piece, LedgerUnit::Line, framing.source().bytes_read())) continue;
    std::string line = intake.text(piece->text);
    if (line.empty() || line.starts_with(kFirstKey)) finish();
    if (!activity) intake.at("line", piece->line);
    if (line.starts_with(kFirstKey)) activity.emplace();
    bool part = activity && activity->line(line);
    if (!part) intake.text_lines(!trimmed(line).empty());
    TRY(intake.flush_if_full());
  }
  finish();
  return {};
}

}  // namespace culprit::console
