#include "store/files/scan.h"

namespace culprit {

namespace {

// Returns the position of the next valid header after `from`; the end of the file if there is none.
size_t find_header(std::string_view file, size_t from) {
  for (size_t at = file.find(kFrameMagic, from); at != std::string_view::npos; at = file.find(kFrameMagic, at + 1))
    if (decode_frame_header(file.substr(at)).has_value()) return at;
  return file.size();
}

}  // namespace

ScanDamage scan_frames(std::string_view file, const std::function<void(const FrameHeader&, std::string_view)>& visit) {
  ScanDamage damage;
  size_t at = 0;
  while (at < file.size()) {
    std::string_view rest = file.substr(at);
    auto header = decode_frame_header(rest);
    if (header.has_value() && header.value().frame_length() <= rest.size()) {
      auto content = decode_frame_content(header.value(), rest);
      if (content.has_value()) visit(header.value(), content.value());
      if (!content.has_value()) ++damage.frames;
      at += header.value().frame_length();
      continue;
    }
    size_t next = find_header(file, at + 1);
    if (next == file.size()) {
      damage.tail_bytes = static_cast<int64_t>(rest.size());
      break;
    }
    ++damage.frames;
    at = next;
  }
  return damage;
}

}  // namespace culprit
