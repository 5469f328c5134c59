#include "ingest/shared/json_splitter.h"

#include <algorithm>
#include <utility>

#include "ingest/shared/framing.h"
#include "ingest/shared/spilled_text.h"

namespace culprit {

namespace {

// The size of the part of a text on disk that is in memory during the search for the end of a value.
constexpr size_t kScanBytes = size_t{4} << 20;

constexpr std::string_view kTooDeep = "it is nested too deep";
constexpr std::string_view kTooLong = "it is longer than the limit", kCut = "it ends early";

}  // namespace

JsonSplitter::JsonSplitter(std::string_view document, std::span<const JsonList> lists, Limits limits,
                           const SpilledText* spilled)
    : document_(document), lists_(lists), limits_(limits), spilled_(spilled) {
  size_t begin = skip_separators(0);
  if (begin < document_.size()) push(begin);
}

const JsonList* JsonSplitter::list_of(std::string_view key) const {
  for (const JsonList& list : lists_)
    if (list.key == key) return &list;
  return nullptr;
}

size_t JsonSplitter::skip_separators(size_t at) const {
  return std::min(document_.find_first_not_of(" \t\r\n,:", at), document_.size());
}

// Returns kNone if the document ends inside the value.
size_t JsonSplitter::value_end(size_t at) const {
  JsonEnd value;
  for (; at < document_.size(); at += kScanBytes) {
    size_t size = value.find(document_.substr(at, kScanBytes));
    if (size != std::string_view::npos) return at + size;
    if (spilled_) spilled_->release(at, at + kScanBytes);
  }
  return kNone;
}

void JsonSplitter::push(size_t at) {
  if (levels_.size() == kMostLevels) {
    damage_ = Part{{}, kTooDeep, std::nullopt, at, 0};
    return;
  }
  if (document_[at] == '{') {
    levels_.push_back(scan_object(at));
  } else if (document_[at] == '[') {
    Level level;
    level.object = false;
    level.lists.push_back({{}, at, nullptr});
    levels_.push_back(std::move(level));
  }
}

// Finds the lists of the object that begins at `at`, and the object's context, up to the object's end.
JsonSplitter::Level JsonSplitter::scan_object(size_t at) {
  Level level;
  at = skip_separators(at + 1);
  while (at < document_.size() && document_[at] == '"') {
    size_t key_end = value_end(at);
    if (key_end == kNone) break;
    std::string_view key = document_.substr(at + 1, key_end - at - 2);
    size_t value = skip_separators(key_end);
    if (value == document_.size()) break;
    size_t end = value_end(value);
    const JsonList* list = list_of(key);
    bool too_large = end == kNone || level.context.size() + (end - at) > limits_.max_row_bytes;
    if ((list || too_large) && (document_[value] == '[' || document_[value] == '{')) {
      level.lists.push_back({key, value, list});
    } else if (end != kNone && too_large) {
      damage_ = Part{{}, kTooLong, std::nullopt, at, 0};
    } else if (end != kNone) {
      level.context += document_.substr(at, end - at);
      level.context += ',';
    }
    if (end == kNone) break;
    at = skip_separators(end);
  }
  return level;
}

std::optional<JsonSplitter::Part> JsonSplitter::next() {
  while (true) {
    if (damage_) return std::exchange(damage_, std::nullopt);
    if (levels_.empty()) return std::nullopt;
    Level& level = levels_.back();
    if (level.entered) {
      level.entered = false;
      ++level.list;
    }
    if (level.list >= level.lists.size()) {
      levels_.pop_back();
      continue;
    }
    size_t value = level.lists[level.list].value;
    if (document_[value] == '{') {
      level.entered = true;
      push(value);
      continue;
    }
    if (level.at == kNone) level.at = value + 1;
    if (std::optional<Part> part = collect()) return part;
  }
}

// Collects rows of the current list, up to the size of a part. Returns nothing if the walk entered an element, or the
// list has ended.
std::optional<JsonSplitter::Part> JsonSplitter::collect() {
  size_t index = levels_.size() - 1;
  const JsonList* kind = levels_[index].lists[levels_[index].list].kind;
  bool rows = kind && kind->rows;
  Part part;
  size_t at = levels_[index].at;
  while (true) {
    at = skip_separators(at);
    bool last = at == document_.size() || document_[at] == ']' || document_[at] == '}';
    size_t end = last ? at : value_end(at);
    bool cut = end == kNone;
    if (cut) end = document_.size();
    size_t size = end - at;
    bool goes_in =
        !last && !rows && (document_[at] == '{' || document_[at] == '[') && (size > limits_.part_bytes || cut);
    bool no_row = !last && !goes_in && (cut || size > limits_.max_row_bytes);
    bool full = part.rows > 0 && part.text.size() + size > limits_.part_bytes;
    if (part.rows > 0 && (last || goes_in || no_row || full)) {
      levels_[index].at = at;
      return finish(std::move(part));
    }
    levels_[index].at = end;
    if (last) {
      levels_[index].at = kNone;
      ++levels_[index].list;
      return std::nullopt;
    }
    if (no_row) return Part{{}, cut ? kCut : kTooLong, rows ? std::optional(kind->row) : std::nullopt, at, 0};
    if (goes_in) {
      push(at);
      return std::nullopt;
    }
    if (part.rows == 0) part.offset = at;
    if (rows) part.row = kind->row;
    part.text += part.rows > 0 ? "," : "";
    part.text += document_.substr(at, size);
    ++part.rows;
    at = end;
  }
}

// Surrounds the rows with their context.
JsonSplitter::Part JsonSplitter::finish(Part part) {
  std::string rows = std::move(part.text);
  part.text = opening();
  std::string end = closing();
  part.text.reserve(part.text.size() + rows.size() + end.size() + Framing::kPadding);
  part.text += rows;
  part.text += end;
  for (Level& level : levels_) level.repeated = true;
  if (spilled_) spilled_->release(part.offset, part.offset + rows.size());
  return part;
}

std::string JsonSplitter::opening() {
  std::string text;
  for (const Level& level : levels_) {
    if (!level.object) {
      text += '[';
      continue;
    }
    text += '{';
    if (level.repeated) text += '"' + std::string(kRepeatedContext) + "\":true,";
    text += level.context;
    text += '"' + std::string(level.lists[level.list].key) + "\":";
    if (!level.entered) text += '[';
  }
  return text;
}

std::string JsonSplitter::closing() const {
  std::string text;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    if (!level->object || !level->entered) text += ']';
    if (level->object) text += '}';
  }
  return text;
}

}  // namespace culprit
