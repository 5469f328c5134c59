#include "shop/config.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace shop {

Config::Config(std::string path, std::function<void()> on_reload)
    : path_(std::move(path)), on_reload_(std::move(on_reload)) {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
  load();
  std::thread([this] { reload_on_hangup(); }).detach();
}

void Config::load() {
  std::ifstream file(path_);
  std::map<std::string, std::string> values;
  std::string name, equals, value;
  while (file >> name >> equals >> value) values[name] = value;
  std::lock_guard lock(mutex_);
  values_ = std::move(values);
}

void Config::reload_on_hangup() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  for (int signal = 0; sigwait(&hangup, &signal) == 0;) {
    load();
    if (on_reload_) on_reload_();
  }
}

std::string Config::text(const std::string& name, const std::string& otherwise) const {
  std::lock_guard lock(mutex_);
  auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int Config::number(const std::string& name, int otherwise) const {
  std::string value = text(name, "");
  return value.empty() ? otherwise : std::atoi(value.c_str());
}

}  // namespace shop
