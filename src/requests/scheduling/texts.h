// Texts: statements by number, so that a wait can name one in four bytes. Holds only what protocols have already cleaned.
//
// The 65,536 that came last; an older number names no text any more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace culprit::requests {

enum class TextId : uint32_t { None = 0 };

// What a statement does, by its words.
struct StatementTraits {
  bool ends_transaction = false;
  bool takes_locks = false;
};
// COMMIT, ROLLBACK and their other names.
bool ends_transaction(std::string_view statement);
// Whether it may take a lock that others wait for: it writes, changes a table, or says that it locks.
bool takes_locks(std::string_view statement);

class Texts {
 public:
  // None: empty.
  TextId intern(std::string_view text) {
    if (text.empty()) return TextId::None;
    if (auto found = ids_.find(text); found != ids_.end()) return found->second;
    if (texts_.size() >= kMost) {
      ids_.erase(std::string_view(texts_.front().text));
      texts_.pop_front();
      ++first_;
    }
    const TextId id{first_ + static_cast<uint32_t>(texts_.size())};
    ids_.emplace(texts_.emplace_back(Entry{std::string(text), {}, false}).text, id);
    return id;
  }
  // Empty: there is none, or it was forgotten.
  std::string_view text(TextId id) const {
    const uint32_t at = static_cast<uint32_t>(id) - first_;
    return id == TextId::None || at >= texts_.size() ? std::string_view() : std::string_view(texts_[at].text);
  }
  // Looked for in the text the first time that they are asked for.
  StatementTraits traits(TextId id) {
    const uint32_t at = static_cast<uint32_t>(id) - first_;
    if (id == TextId::None || at >= texts_.size()) return {};
    Entry& entry = texts_[at];
    if (!std::exchange(entry.read, true)) entry.traits = {ends_transaction(entry.text), takes_locks(entry.text)};
    return entry.traits;
  }
  size_t size() const { return texts_.size(); }

 private:
  // More distinct normalised statements than any application writes; a generator of them must not fill the memory.
  static constexpr size_t kMost = 65'536;
  struct Entry {
    std::string text;
    StatementTraits traits;
    bool read = false;  // the traits are
  };
  std::deque<Entry> texts_;  // stable: the keys of ids_ are views of them
  std::unordered_map<std::string_view, TextId> ids_;
  uint32_t first_ = 1;
};

}  // namespace culprit::requests
