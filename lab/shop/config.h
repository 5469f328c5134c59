// Config: a file of `name = value` lines that a service reads at its start and again on SIGHUP.
//
// Must be made before any other thread starts: it blocks SIGHUP in all threads, and a separate thread waits for the
// signal.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace shop {

class Config {
 public:
  explicit Config(std::string path, std::function<void()> on_reload = {});
  Config(const Config&) = delete;

  std::string text(const std::string& name, const std::string& otherwise) const;
  int number(const std::string& name, int otherwise) const;

 private:
  void load();
  void reload_on_hangup();

  const std::string path_;
  const std::function<void()> on_reload_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;
};

}  // namespace shop
