#include "store/files/fingerprint.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace culprit {

namespace {

class Hasher {
 public:
  Hasher() { XXH3_128bits_reset(&state_); }
  void add(std::string_view text) {
    number(text.size());
    if (text.size() > sizeof buffer_ - used_) drain();
    if (text.size() > sizeof buffer_) {
      XXH3_128bits_update(&state_, text.data(), text.size());
      return;
    }
    if (!text.empty()) std::memcpy(buffer_ + used_, text.data(), text.size());
    used_ += text.size();
  }
  template <class T>
  void number(T value) {
    if (sizeof value > sizeof buffer_ - used_) drain();
    std::memcpy(buffer_ + used_, &value, sizeof value);
    used_ += sizeof value;
  }
  void add(const Attributes& attributes) {
    number(attributes.size());
    for (const Attribute& attribute : attributes) add(attribute);
  }
  void add(const Attribute& attribute) {
    add(std::string_view(attribute.key));
    number(static_cast<uint8_t>(attribute.value.index()));
    if (auto* truth = std::get_if<bool>(&attribute.value)) number(*truth);
    if (auto* integer = std::get_if<int64_t>(&attribute.value)) number(*integer);
    if (auto* real = std::get_if<double>(&attribute.value)) number(*real);
    if (auto* text = std::get_if<std::string>(&attribute.value)) add(std::string_view(*text));
    if (auto* bytes = std::get_if<Bytes>(&attribute.value)) add(std::string_view(bytes->bytes));
    if (auto* nested = std::get_if<Nested>(&attribute.value)) add(std::string_view(nested->json));
  }
  Fingerprint finish() {
    drain();
    XXH128_hash_t hash = XXH3_128bits_digest(&state_);
    return {hash.high64, hash.low64};
  }

 private:
  void drain() {
    XXH3_128bits_update(&state_, buffer_, used_);
    used_ = 0;
  }
  XXH3_state_t state_;
  char buffer_[2048];
  size_t used_ = 0;
};

void add_lists(Hasher& hasher, const Span& span) {
  hasher.number(span.blockers.size());
  for (const Blocker& blocker : span.blockers) {
    hasher.number(blocker.wait), hasher.number(blocker.pid), hasher.number(blocker.tid);
    hasher.number(blocker.duration_ns), hasher.number(blocker.count), hasher.add(std::string_view(blocker.statement));
  }
  hasher.number(span.events.size());
  for (const SpanEvent& event : span.events) {
    hasher.number(event.time_ns), hasher.add(std::string_view(event.name));
    hasher.add(event.attributes), hasher.number(event.dropped_attributes);
  }
  hasher.number(span.links.size());
  for (const SpanLink& link : span.links) {
    hasher.number(link.trace_id.high), hasher.number(link.trace_id.low), hasher.number(link.span_id);
    hasher.add(std::string_view(link.trace_state)), hasher.add(link.attributes);
    hasher.number(link.flags), hasher.number(link.dropped_attributes);
  }
}

}  // namespace

Fingerprint fingerprint(const Span& span, uint64_t resource_id) {
  Hasher hasher;
  hasher.number(span.trace_id.high), hasher.number(span.trace_id.low), hasher.number(span.span_id);
  hasher.number(span.parent_span_id), hasher.number(span.link), hasher.number(span.link_confidence);
  hasher.number(span.start_ns), hasher.number(span.duration_ns), hasher.number(span.kind), hasher.number(span.status);
  hasher.number(span.pid), hasher.number(span.tid), hasher.number(span.connection), hasher.number(span.weight);
  hasher.number(span.flags), hasher.number(span.otel_flags), hasher.number(resource_id);
  hasher.number(span.dropped_attributes), hasher.number(span.dropped_events), hasher.number(span.dropped_links);
  hasher.number(span.waits.known);
  for (int64_t ns : span.waits.ns) hasher.number(ns);
  for (const std::string* text :
       {&span.name, &span.service, &span.status_message, &span.source, &span.host, &span.trace_state})
    hasher.add(std::string_view(*text));
  hasher.add(span.attributes);
  add_lists(hasher, span);
  return hasher.finish();
}

}  // namespace culprit
