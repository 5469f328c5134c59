#include "analysis/profile/interner.h"

#include "analysis/trace/call.h"
#include "base/hash.h"

namespace culprit::analysis {

namespace {

// A service's call tree has hundreds of places. More come from names that carry ids, or from recursion: those fold into
// their parents, so that memory stays bounded and no time is lost.
constexpr size_t kMaxPlaces = 100'000;
constexpr uint32_t kMaxDepth = 64;
constexpr size_t kMaxRawTexts = 100'000;

}  // namespace

Interner::Interner() { text(""); }

uint32_t Interner::text(std::string_view text) {
  auto found = text_ids_.find(text);
  if (found != text_ids_.end()) return found->second;
  auto id = static_cast<uint32_t>(texts_.size());
  texts_.emplace_back(text);
  text_ids_.emplace(std::string(text), id);
  return id;
}

uint32_t Interner::statement_text(std::string_view raw) {
  auto found = raw_.find(raw);
  if (found != raw_.end()) return found->second;
  uint32_t id = text(without_literals(raw));
  if (raw_.size() < kMaxRawTexts) raw_.emplace(std::string(raw), id);
  return id;
}

uint32_t Interner::statement(uint32_t text, uint32_t instance, uint32_t system) {
  uint64_t hash = hash64(text, hash64(instance, hash64(system)));
  for (uint32_t id : statement_ids_[hash]) {
    const StatementName& name = statements_[id];
    if (name.text == text && name.instance == instance && name.system == system) return id;
  }
  auto id = static_cast<uint32_t>(statements_.size());
  statements_.push_back({text, instance, system});
  statement_ids_[hash].push_back(id);
  return id;
}

std::string Interner::instance(uint32_t address) const {
  auto found = databases_.find(address);
  bool one = found != databases_.end() && found->second.size() == 1;
  return one ? texts_[address] + "/" + *found->second.begin() : texts_[address];
}

uint32_t Interner::place(const CallNode& wanted) {
  CallNode place = wanted;
  place.depth = place.parent == kNone ? 0 : places_[place.parent].depth + 1;
  uint64_t hash = hash64(place.parent, hash64(place.service, hash64(place.label, hash64(place.statement))));
  hash = hash64(static_cast<uint64_t>(place.role), hash64(place.peer, hash));
  hash = hash64(static_cast<uint64_t>(place.callee_seen), hash);
  for (uint32_t id : place_ids_[hash])
    if (places_[id] == place) return id;
  if (place.parent != kNone && (places_.size() >= kMaxPlaces || place.depth > kMaxDepth)) return place.parent;
  auto id = static_cast<uint32_t>(places_.size());
  places_.push_back(place);
  place_ids_[hash].push_back(id);
  return id;
}

}  // namespace culprit::analysis
