// The paths in a store directory. store/interface/open.h shows the layout.
#pragma once

#include <string>

namespace culprit {

struct Layout {
  std::string root;

  std::string lock() const { return root + "/lock"; }
  // Disk space that a recorder keeps reserved, so that it can write the account of shed rows on a full disk.
  std::string reserve() const { return root + "/reserve"; }
  std::string manifest() const { return root + "/manifest"; }
  std::string journal() const { return root + "/journal"; }
  std::string segments() const { return root + "/segments"; }
  std::string journal_file(const std::string& name) const { return journal() + "/" + name; }
  std::string segment(const std::string& name) const { return segments() + "/" + name; }
  // A file beside each segment, from which a lost manifest is rebuilt.
  std::string side(const std::string& segment_name) const { return segment(segment_name) + ".side"; }
};

}  // namespace culprit
