#include "store/local/journal_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace culprit {

Result<std::vector<JournalFile>> open_journal(const Layout& layout) {
  std::vector<JournalFile> files;
  std::vector<std::string> names = TRY(list_directory(layout.journal()));
  for (const std::string& name : names) {
    if (!name.ends_with(".frames")) continue;
    auto file = File::open(layout.journal_file(name), O_RDONLY | O_NONBLOCK);
    if (!file.has_value() && file.error().kind == Error::Kind::NotFound) continue;
    files.push_back({name, TRY(std::move(file))});
  }
  return files;
}

void leave_out_sealed(std::vector<JournalFile>& files, const Manifest& manifest) {
  std::set<std::string> sealed(manifest.journals.begin(), manifest.journals.end());
  std::erase_if(files, [&](const JournalFile& file) { return sealed.contains(file.name); });
}

std::string kept_name(const std::string& journal_name) { return journal_name + ".damaged"; }

Result<void> remove_sealed(const Layout& layout, const Manifest& manifest) {
  std::set<std::string> kept(manifest.kept.begin(), manifest.kept.end());
  for (const std::string& name : manifest.journals) {
    std::string path = layout.journal_file(name);
    if (!path_exists(path)) continue;
    if (kept.contains(name)) {
      std::string aside = layout.journal_file(kept_name(name));
      // If that name is in use, the file stays. The manifest lists it as sealed, so it is not read again.
      if (!path_exists(aside)) TRY(rename_file(path, aside));
    } else {
      unlink(path.c_str());
    }
  }
  return {};
}

}  // namespace culprit
