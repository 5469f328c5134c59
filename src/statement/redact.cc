#include "statement/redact.h"

#include "base/text.h"

namespace culprit {

Redacted redact_path(std::string_view target) { return path_template(target); }

Redacted redact_target(std::string_view target) {
  Redacted out = path_template(target);
  size_t mark = target.find_first_of("?#");
  if (mark == std::string_view::npos || target[mark] == '#') return out;
  constexpr size_t kLongestName = 64;
  std::string_view query = target.substr(mark + 1, target.find('#', mark) - mark - 1);
  char separator = '?';
  for (std::string_view pair : split(query, '&')) {
    out.text += separator;
    separator = '&';
    std::string_view name = pair.substr(0, pair.find('='));
    bool plain = name.size() <= kLongestName && !identifies(name);
    out.text += plain ? name : "?";
    out.count += !plain;
    if (pair.size() == name.size()) continue;
    out.text += "=?";
    ++out.count;
  }
  if (!valid_utf8(out.text)) out.text = repaired_utf8(out.text);
  return out;
}

}  // namespace culprit
