#include "ingest/shared/json_parser.h"

#include <simdjson.h>

#include "base/text.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"

namespace culprit {

static_assert(Framing::kPadding >= simdjson::SIMDJSON_PADDING);

struct JsonParser::State {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string mended;
};

JsonParser::JsonParser() : state_(std::make_unique<State>()) {}
JsonParser::~JsonParser() = default;

namespace {

// Returns the UTF-16 unit whose escape ("\ud83d") is at the front of `text`, or -1.
int utf16_unit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  int unit = 0;
  for (char c : text.substr(2, 4)) {
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

// Replaces unpaired surrogates in the contents of a JSON string.
std::string mend_escapes(std::string_view inside) {
  std::string text;
  for (size_t i = 0; i < inside.size();) {
    int unit = utf16_unit(inside.substr(i));
    bool high = unit >= 0xd800 && unit < 0xdc00, low = unit >= 0xdc00 && unit < 0xe000;
    int next = high ? utf16_unit(inside.substr(i + 6)) : -1;
    bool pair = next >= 0xdc00 && next < 0xe000;
    size_t length = pair ? 12 : unit >= 0 ? 6 : inside[i] == '\\' ? std::min<size_t>(2, inside.size() - i) : 1;
    if ((high && !pair) || low)
      text += "\\ufffd";
    else
      text += inside.substr(i, length);
    i += length;
  }
  return text;
}

// Appends the text between strings, and puts NaN and Infinity into quotes.
int64_t append_mended_numbers(std::string& into, std::string_view outside) {
  int64_t numbers = 0;
  while (true) {
    size_t found = std::min(outside.find("NaN"), outside.find("Infinity"));
    if (found == std::string_view::npos) break;
    size_t length = outside[found] == 'N' ? 3 : 8;
    if (found > 0 && length == 8 && outside[found - 1] == '-') --found, ++length;
    into += outside.substr(0, found);
    into += '"';
    into += outside.substr(found, length);
    into += '"';
    outside.remove_prefix(found + length);
    ++numbers;
  }
  into += outside;
  return numbers;
}

}  // namespace

MendedJson mend_json(std::string_view text) {
  MendedJson mended;
  mended.text.reserve(text.size() + 64);
  size_t i = 0;
  while (i < text.size()) {
    size_t open = std::min(text.find('"', i), text.size());
    mended.numbers += append_mended_numbers(mended.text, repaired_utf8(text.substr(i, open - i)));
    if (open == text.size()) break;
    size_t close = open + 1;
    while (close < text.size() && text[close] != '"') close += text[close] == '\\' ? 2 : 1;
    close = std::min(close, text.size());
    std::string_view inside = text.substr(open + 1, close - open - 1);
    std::string whole = mend_escapes(repaired_utf8(inside));
    mended.strings += whole != inside;
    mended.text += '"';
    mended.text += whole;
    if (close < text.size()) mended.text += '"';
    i = close + 1;
  }
  return mended;
}

void note_mended(const JsonParser::Parsed& parsed, Intake& intake) {
  if (parsed.mended_strings) intake.note(LedgerKind::bad_utf8, parsed.mended_strings);
  if (parsed.mended_numbers)
    intake.note(LedgerKind::malformed, LedgerUnit::Value, parsed.mended_numbers,
                "NaN or Infinity is not valid JSON: read as that number");
}

JsonParser::Parsed JsonParser::parse(std::string_view text) {
  auto error = state_->parser.parse(text.data(), text.size(), false).get(state_->root);
  if (!error) return {&state_->root, {}, 0, 0};
  MendedJson mended = mend_json(text);
  if (mended.strings + mended.numbers > 0) {
    state_->mended = std::move(mended.text);
    state_->mended.reserve(state_->mended.size() + Framing::kPadding);
    error = state_->parser.parse(state_->mended.data(), state_->mended.size(), false).get(state_->root);
  }
  if (error) return {nullptr, simdjson::error_message(error), 0, 0};
  return {&state_->root, {}, mended.strings, mended.numbers};
}

}  // namespace culprit
