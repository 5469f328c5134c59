#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "cli/print.h"

namespace culprit::cli {

namespace {

// Converts "+02:00", "-0330" or "+2" to the form of POSIX's TZ, which has the opposite sign; empty for other texts.
std::string posix_offset(const std::string& zone) {
  if (zone.size() < 2 || (zone[0] != '+' && zone[0] != '-')) return {};
  std::string digits;
  for (char c : zone.substr(1)) {
    if (c == ':' && (digits.size() == 1 || digits.size() == 2)) continue;
    if (c < '0' || c > '9') return {};
    digits += c;
  }
  if (digits.size() == 1 || digits.size() == 3) digits.insert(0, "0");
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || digits > "1400" || digits[2] > '5') return {};
  std::string clock = digits.substr(0, 2) + ":" + digits.substr(2);
  return "<" + zone.substr(0, 1) + digits + ">" + (zone[0] == '+' ? "-" : "+") + clock;
}

bool is_known_name(const std::string& zone) {
  constexpr const char* kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  if (zone.empty() || zone[0] == '/' || zone.find_first_not_of(kNameCharacters) != std::string::npos) return false;
  const char* directory = std::getenv("TZDIR");
  std::string path = std::string(directory != nullptr ? directory : "/usr/share/zoneinfo") + "/" + zone;
  FILE* file = std::fopen(path.c_str(), "re");  // a folder of zones, or a list of them, is no zone
  if (file == nullptr) return false;
  char magic[4] = {};
  bool zone_file = std::fread(magic, 1, sizeof magic, file) == sizeof magic && std::memcmp(magic, "TZif", 4) == 0;
  std::fclose(file);
  return zone_file;
}

}  // namespace

Result<void> set_time_zone(const std::string& zone) {
  if (zone == "local") {
    tzset();
    return {};
  }
  std::string value = zone == "UTC" || zone == "Z" ? "UTC0" : posix_offset(zone);
  if (value.empty() && is_known_name(zone)) value = zone;
  if (value.empty())
    return Error{Error::Kind::Usage, "--tz: there is no time zone '" + zone + "' here",
                 "Europe/Berlin, +02:00, UTC or local"};
  setenv("TZ", value.c_str(), 1);
  tzset();
  return {};
}

}  // namespace culprit::cli
