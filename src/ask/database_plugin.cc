#include "ask/database_plugin.h"

#include <array>

#include "ask/plan.h"
#include "ask/postgresql_servers.h"

namespace culprit::ask {

std::span<const DatabasePlugin> database_plugins() {
  static constexpr std::array kPlugins = {
      DatabasePlugin{"postgresql", find_postgresql_servers, ask_locks, ask_plan},
  };
  return kPlugins;
}

}  // namespace culprit::ask
