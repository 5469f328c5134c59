#include "ingest/shared/intake.h"

#include <limits>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

namespace culprit {

namespace {

// The most places named for one reason: a file with damage everywhere must not fill the ledger.
constexpr int kPlacesNamed = 10;
// Most reasons come from a closed list, but some quote the data: reasons beyond this number are counted together.
constexpr size_t kReasonsKept = 1000;

// In OTLP, service.name is required. An SDK without a configured name sends "unknown_service:PROGRAM" (resource
// semantic conventions, "service"): then the program's name is the service.
std::string service_of(const Attributes& attributes) {
  constexpr std::string_view kUnknown = "unknown_service";
  std::string_view name = find_text(attributes, "service.name");
  if (name.empty() || name == kUnknown) name = find_text(attributes, "process.executable.name");
  constexpr std::string_view kUnknownProgram = "unknown_service:";
  if (name.starts_with(kUnknownProgram)) name.remove_prefix(kUnknownProgram.size());
  return std::string(name);
}

int32_t small(int64_t number) {
  return number > 0 && number <= std::numeric_limits<int32_t>::max() ? static_cast<int32_t>(number) : 0;
}

uint64_t hash_of(const Attributes& attributes, uint64_t seed) {
  for (const Attribute& attribute : attributes) seed = hash64(to_text(attribute.value), hash64(attribute.key, seed));
  return seed;
}

uint64_t hash_of(const Resource& resource) {
  return hash_of(resource.scope_attributes, hash_of(resource.attributes, hash64(resource.scope_name)));
}

}  // namespace

Intake::Intake(Sink& sink, std::string_view format, std::string_view name, const ImportOptions& options)
    : sink_(sink), options_(options), name_(name) {
  set_format(format);
}

void Intake::set_format(std::string_view format) {
  format_ = format;
  summary_.format = format;
  summary_.source = format_ + ":" + name_;
}

void Intake::at(const char* unit, int64_t number) {
  place_unit_ = unit;
  place_ = number;
  set_resource({});
}

void Intake::set_resource(Resource resource) {
  resource_ = std::move(resource);
  if (resource_.service.empty()) resource_.service = service_of(resource_.attributes);
  host_ = find_text(resource_.attributes, "host.name");
  pid_ = small(find_integer(resource_.attributes, "process.pid", 0));
  // Redaction comes before the comparison with resources that are already in the batch.
  redacted_in_resource_ = options_.secrets == Secrets::Redacted ? redaction_.apply(resource_) : 0;
  resource_placed_ = false;
}

// Returns the index of resource_ in the batch. The resource is added with its first row, so that no resource without
// rows is stored.
uint32_t Intake::resource_index() {
  if (resource_placed_) return resource_index_;
  uint64_t hash = hash_of(resource_);
  auto [from, to] = resources_by_hash_.equal_range(hash);
  resource_placed_ = true;
  for (auto same = from; same != to; ++same)
    if (batch_.resources[same->second] == resource_) return resource_index_ = same->second;
  if (redacted_in_resource_) sum(LedgerKind::redacted, redacted_in_resource_, resource_.service);
  if (options_.secrets == Secrets::AsSent)
    if (int64_t n = redaction_.suspected(resource_.attributes)) sum(LedgerKind::secret_suspected, n, resource_.service);
  resource_index_ = static_cast<uint32_t>(batch_.resources.size());
  batch_.resources.push_back(resource_);
  resources_by_hash_.emplace(hash, resource_index_);
  return resource_index_;
}

// Masks the secrets of a row, or counts the suspected ones.
template <class Row>
void Intake::treat_secrets(Row& row, std::string_view service) {
  if (options_.secrets == Secrets::Redacted) {
    if (int64_t n = redaction_.apply(row)) sum(LedgerKind::redacted, n, service);
  } else if (int64_t n = redaction_.suspected(row.attributes)) {
    sum(LedgerKind::secret_suspected, n, service);
  }
}

Span& Intake::begin_span() {
  if (batch_.spans.capacity() == 0) batch_.spans.reserve(options_.batch_rows);
  return batch_.spans.emplace_back();
}

void Intake::end_span() {
  Span& span = batch_.spans.back();
  span.resource = resource_index();
  span.service = resource_.service;
  span.source = format_;
  if (span.host.empty()) span.host = host_;
  span.pid = pid_;
  span.tid = small(find_integer(span.attributes, "thread.id", 0));
  treat_secrets(span, span.service);
  ++received_[LedgerUnit::Span];
  ++summary_.spans;
  if (span.dropped_attributes) sum(LedgerKind::attributes_dropped, span.dropped_attributes, span.service);
  if (span.dropped_events) sum(LedgerKind::events_dropped, span.dropped_events, span.service);
  if (span.dropped_links) sum(LedgerKind::links_dropped, span.dropped_links, span.service);
}

void Intake::refuse_span(std::string_view reason) {
  batch_.spans.pop_back();
  refuse(LedgerUnit::Span, reason);
}

void Intake::add(LogRecord log) {
  log.resource = resource_index();
  log.service = resource_.service;
  log.source = format_;
  if (log.host.empty()) log.host = host_;
  log.pid = pid_;
  log.tid = small(find_integer(log.attributes, "thread.id", 0));
  treat_secrets(log, log.service);
  ++received_[LedgerUnit::Log];
  ++summary_.logs;
  if (log.dropped_attributes) sum(LedgerKind::attributes_dropped, log.dropped_attributes, log.service);
  batch_.logs.push_back(std::move(log));
}

void Intake::add(MetricPoint metric) {
  metric.source = format_;
  treat_secrets(metric, metric.entity);
  ++received_[LedgerUnit::Metric];
  ++summary_.metrics;
  batch_.metrics.push_back(std::move(metric));
}

void Intake::refuse(LedgerUnit unit, std::string_view reason) {
  ++received_[unit];
  ++summary_.refused;
  count(LedgerKind::refused, unit, 1, reason);
}

bool Intake::piece_fits(const Piece& piece, LedgerUnit unit, int64_t bytes_read) {
  ++summary_.pieces;
  summary_.bytes_read = bytes_read;  // for progress reports
  if (piece.too_long) piece_unread(unit, "it is longer than " + format_bytes(options_.max_piece_bytes));
  return !piece.too_long;
}

void Intake::piece_unread(LedgerUnit unit, std::string_view reason, std::string_view example) {
  ++summary_.pieces_unread;
  if (summary_.unread_example.empty()) summary_.unread_example = example;
  note(LedgerKind::malformed, unit, 1, reason);
}

void Intake::text_lines(int64_t n) {
  summary_.text_lines += n;
  if (n > 0) sum(LedgerKind::other_text, n, {});
}

void Intake::note(LedgerKind kind, int64_t n, std::string_view reason) { note(kind, info(kind).unit, n, reason); }

void Intake::note(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view reason) {
  if (muted_) return;
  if (kind == LedgerKind::malformed) summary_.malformed += n;
  count(kind, unit, n, reason);
}

void Intake::sum(LedgerKind kind, int64_t n, std::string_view service) {
  if (muted_) return;
  tally_[{kind, info(kind).unit, std::string(service), {}}] += n;
}

void Intake::count(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view reason) {
  auto given = places_given_.find(reason);
  if (given == places_given_.end()) {
    if (places_given_.size() >= kReasonsKept) reason = "various reasons";
    given = places_given_.emplace(reason, 0).first;
  }
  if (kind == LedgerKind::refused || kind == LedgerKind::malformed) summary_.reasons[given->first] += n;
  std::string detail(reason);
  if (place_ > 0 && given->second < kPlacesNamed) {
    ++given->second;
    detail = std::string(place_unit_) + " " + std::to_string(place_) + ": " + detail;
  } else if (place_ > 0) {
    detail = "further on: " + detail;
  }
  tally_[{kind, unit, resource_.service, std::move(detail)}] += n;
}

std::string Intake::text(std::string_view bytes) {
  if (valid_utf8(bytes)) return std::string(bytes);
  note(LedgerKind::bad_utf8, 1);
  return repaired_utf8(bytes);
}

void Intake::write_ledger() {
  for (auto& [key, n] : tally_) {
    auto& [kind, unit, service, detail] = key;
    LedgerRow row = ledger_row(kind, n, summary_.source, "ingest", detail);
    row.unit = to_string(unit);
    row.service = service;
    batch_.ledger.push_back(std::move(row));
  }
  for (auto& [unit, n] : received_) batch_.received.push_back({summary_.source, std::string(to_string(unit)), n});
  tally_.clear();
  received_.clear();
}

Result<void> Intake::flush_if_full() {
  TRY(check_cancelled(options_.cancel));
  if (batch_.spans.size() + batch_.logs.size() + batch_.metrics.size() + tally_.size() < options_.batch_rows) return {};
  return flush();
}

Result<void> Intake::flush() {
  write_ledger();
  if (batch_.empty()) return {};
  Batch full = std::move(batch_);
  batch_ = {};
  resource_placed_ = false;
  resources_by_hash_.clear();
  TRY(sink_.push(std::move(full)));
  if (options_.progress) options_.progress(summary_);
  return {};
}

}  // namespace culprit
