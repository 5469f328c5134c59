#include "cli/cause_pages.h"

#include <vector>

#include "base/text.h"
#include "report/paragraph.h"

namespace culprit::cli {

namespace {

constexpr std::string_view kFence = "```";
constexpr int kBlockIndent = 2;

bool begins_item(std::string_view line) { return line.starts_with("- "); }

// Removes Markdown's marks: "[lock_wait](lock_wait.md)" becomes "lock_wait", "`x`" becomes "x".
std::string without_marks(std::string_view line) {
  std::string text;
  for (size_t at = 0; at < line.size(); ++at) {
    const size_t middle = line[at] == '[' ? line.find("](", at) : std::string_view::npos;
    const size_t end = middle == std::string_view::npos ? middle : line.find(')', middle);
    if (end != std::string_view::npos) {
      text += without_marks(line.substr(at + 1, middle - at - 1));
      at = end;
    } else if (line[at] != '`') {
      text += line[at];
    }
  }
  return text;
}

// Collects the lines of a paragraph or of an item, and prints them as one text.
class Text {
 public:
  explicit Text(int width) : out_(width, false) {}

  void add(std::string_view line) {
    if (begins_item(line)) end();
    const bool continues_item = line.starts_with("  ") && !block_.empty();
    block_ += (block_.empty() ? "" : " ") + without_marks(continues_item ? trimmed(line) : line);
  }
  void end() {
    if (block_.empty()) return;
    if (begins_item(block_))
      out_.labelled(0, "-", 2, std::string_view(block_).substr(2));
    else
      out_.line(0, block_);
    block_.clear();
  }
  void blank() {
    end();
    out_.blank();
  }
  std::string take() {
    end();
    return out_.take();
  }

 private:
  report::Paragraph out_;
  std::string block_;
};

std::string_view heading_of(std::string_view line) {
  const size_t marks = line.find_first_not_of('#');
  if (marks == 0 || marks == std::string_view::npos || line[marks] != ' ') return {};
  return line.substr(marks + 1);
}

}  // namespace

std::string page_text(std::string_view page, int width) {
  Text text(width);
  std::string done;
  bool in_fence = false;
  std::vector<std::string_view> lines = split(page, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::string_view line : lines) {
    if (line.starts_with(kFence)) {
      in_fence = !in_fence;
      done += text.take();
    } else if (in_fence) {
      // Never wrapped: columns of an answer, and commands that can be copied.
      done += line.empty() ? "\n" : std::string(kBlockIndent, ' ') + std::string(line) + "\n";
    } else if (line.starts_with("<!--")) {
      continue;
    } else if (std::string_view heading = heading_of(line); !heading.empty()) {
      done += text.take() + std::string(heading) + "\n";
    } else if (line.empty()) {
      text.blank();
    } else {
      text.add(line);
    }
  }
  return done + text.take();
}

std::optional<std::string> cause_page_text(std::string_view word, int width) {
  const std::string_view name = word.substr(0, word.find('/'));
  for (const CausePage& page : cause_pages())
    if (page.name == name) return page_text(page.text, width);
  return std::nullopt;
}

}  // namespace culprit::cli
