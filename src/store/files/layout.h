// Where things lie in a store directory; store/open.h draws it.
#pragma once

#include <string>

namespace culprit {

struct Layout {
  std::string root;

  std::string lock() const { return root + "/lock"; }
  // While a recorder writes: room for the account of what had to be shed.
  std::string reserve() const { return root + "/reserve"; }
  std::string manifest() const { return root + "/manifest"; }
  std::string journal() const { return root + "/journal"; }
  std::string segments() const { return root + "/segments"; }
  std::string journal_file(const std::string& name) const { return journal() + "/" + name; }
  std::string segment(const std::string& name) const { return segments() + "/" + name; }
  // Beside each segment: what a lost manifest would be rebuilt from.
  std::string side(const std::string& segment_name) const { return segment(segment_name) + ".side"; }
};

}  // namespace culprit
