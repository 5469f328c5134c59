#include "shop/options.h"

#include <cstdio>
#include <cstdlib>

namespace shop {

Options::Options(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string name = argv[i];
    if (name.rfind("--", 0) != 0) give_up("not an option: " + name);
    values_[name.substr(2)] = argv[i + 1];
  }
}

const std::string& Options::text(const std::string& name) const {
  auto found = values_.find(name);
  if (found == values_.end()) give_up("option --" + name + " is missing");
  return found->second;
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
  auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int Options::number(const std::string& name, int otherwise) const {
  auto found = values_.find(name);
  return found == values_.end() ? otherwise : std::atoi(found->second.c_str());
}

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

}  // namespace shop
