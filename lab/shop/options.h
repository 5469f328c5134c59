// The command line of a lab program: `--name value` pairs, nothing else.
#pragma once

#include <map>
#include <string>

namespace shop {

class Options {
 public:
  Options(int argc, char** argv);

  // Ends the program with a message where a needed option is missing.
  const std::string& text(const std::string& name) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  int number(const std::string& name, int otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

// Says why on stderr and ends the program: a lab program that cannot work is of no use.
[[noreturn]] void give_up(const std::string& why);

}  // namespace shop
