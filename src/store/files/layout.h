// Where things lie in a store directory; store/open.h draws it.
#pragma once

#include <string>

namespace culprit {

struct Layout {
  std::string root;

  std::string lock() const { return root + "/lock"; }
  std::string manifest() const { return root + "/manifest"; }
  std::string journal() const { return root + "/journal"; }
  std::string segments() const { return root + "/segments"; }
  std::string journal_file(const std::string& name) const { return journal() + "/" + name; }
  std::string segment(const std::string& name) const { return segments() + "/" + name; }
};

}  // namespace culprit
