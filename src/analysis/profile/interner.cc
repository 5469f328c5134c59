#include "analysis/profile/interner.h"

#include "analysis/trace/call.h"
#include "base/hash.h"
#include "statement/normalise.h"

namespace culprit::analysis {

namespace {

// A service's call tree has hundreds of nodes. More nodes come from names with ids, or from recursion. Beyond the
// limit, spans count for their parent's node, so that memory is bounded and no time is lost.
constexpr size_t kMaxNodes = 100'000;
constexpr uint32_t kMaxDepth = 64;
constexpr size_t kMaxRawTexts = 100'000;

}  // namespace

Interner::Interner() { intern(""); }

TextId Interner::intern(std::string_view text) {
  auto found = text_ids_.find(text);
  if (found != text_ids_.end()) return found->second;
  auto id = static_cast<TextId>(texts_.size());
  texts_.emplace_back(text);
  text_ids_.emplace(std::string(text), id);
  return id;
}

TextId Interner::intern_statement_text(std::string_view raw, TextId system) {
  auto& known = raw_[system];
  auto found = known.find(raw);
  if (found != known.end()) return counted(found->second);
  const std::string normalised = without_literals(raw, texts_[index(system)]);
  GroupedText grouped{intern(normalised), group_of(normalised, system)};
  if (known.size() < kMaxRawTexts) known.emplace(std::string(raw), grouped);
  return counted(grouped);
}

// Returns the group of a new text, or kNoGroup.
uint32_t Interner::group_of(std::string_view normalised, TextId system) {
  std::string coarse = coarse_statement(normalised, sql_dialect(texts_[index(system)]));
  if (coarse.empty()) return kNoGroup;
  auto [at, fresh] = group_ids_.emplace(std::pair{intern(coarse), system}, static_cast<uint32_t>(groups_.size()));
  if (fresh) groups_.push_back({at->first.first, {}, 0, false});
  return at->second;
}

TextId Interner::counted(const GroupedText& grouped) {
  if (grouped.group == kNoGroup) return grouped.text;
  TextGroup& group = groups_[grouped.group];
  ++group.calls;
  if (group.texts.size() < kMaxRawTexts) group.texts.insert(grouped.text);
  return group.summed_up ? group.text : grouped.text;
}

bool Interner::sum_up_unrepeated() {
  // With fewer different texts, they may be the program's real statements: each stays separate.
  constexpr size_t kLeastTexts = 16;
  bool any = false;
  for (TextGroup& group : groups_) {
    bool unrepeated = group.texts.size() >= kLeastTexts && group.calls < 2 * static_cast<int64_t>(group.texts.size());
    any |= unrepeated && !group.summed_up;
    group.summed_up |= unrepeated;
    group.calls = 0;
    group.texts.clear();
  }
  return any;
}

StatementId Interner::intern_statement(const StatementName& wanted) {
  uint64_t hash = hash64(index(wanted.text), hash64(index(wanted.instance), hash64(index(wanted.system))));
  for (StatementId id : statement_ids_[hash]) {
    const StatementName& name = statements_[index(id)];
    if (name.text == wanted.text && name.instance == wanted.instance && name.system == wanted.system) return id;
  }
  auto id = static_cast<StatementId>(statements_.size());
  statements_.push_back(wanted);
  statement_ids_[hash].push_back(id);
  return id;
}

std::string Interner::instance(TextId address) const {
  auto found = databases_.find(address);
  bool one = found != databases_.end() && found->second.size() == 1;
  return one ? text(address) + "/" + *found->second.begin() : text(address);
}

NodeId Interner::intern_node(const CallNode& wanted) {
  CallNode node = wanted;
  node.depth = node.parent == NodeId::None ? 0 : nodes_[index(node.parent)].depth + 1;
  uint64_t hash = hash64(index(node.label), hash64(index(node.statement)));
  hash = hash64(index(node.parent), hash64(index(node.service), hash));
  hash = hash64(index(node.role), hash64(index(node.peer), hash));
  hash = hash64(static_cast<uint64_t>(node.callee_seen), hash);
  for (NodeId id : node_ids_[hash])
    if (nodes_[index(id)] == node) return id;
  if (node.parent != NodeId::None && (nodes_.size() >= kMaxNodes || node.depth > kMaxDepth)) return node.parent;
  auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back(node);
  node_ids_[hash].push_back(id);
  return id;
}

}  // namespace culprit::analysis
