#include "cli/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/tree.h"
#include "cli/parse.h"

namespace culprit::cli {
namespace {

// The files of a project, a user and a system in one directory, read by a user who is not root.
struct Folder {
  TemporaryDirectory directory = TemporaryDirectory::create("settings-test").value();
  SettingsPlaces places{{}, path("project"), path("user"), path("system"), getuid() == 0 ? 65534 : getuid()};

  std::string path(const std::string& name) const { return directory.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  Result<Options> options(const std::vector<std::string>& words) const {
    Options options = parse(words).value().options;
    TRY(apply_settings(options, TRY(load_settings(places))));
    return options;
  }
  std::string mistake() const {
    auto loaded = options({"why", "a"});
    if (loaded.has_value()) return "none";
    std::string message = loaded.error().message;
    if (size_t at = message.find(directory.path()); at != std::string::npos) message.erase(at, directory.path().size());
    return message + "; " + loaded.error().fix;
  }
};

TEST(Settings, TheStrongestWins) {
  Folder folder;
  folder.write("system", "source = 'system'\nformat = 'json'\ncolor = 'never'\nservice = 'x'\n");
  EXPECT_NE(folder.mistake(), "none") << "--service is no setting";
  folder.write("system", "source = 'system'\nformat = 'json'\ncolor = 'never'\n");
  EXPECT_EQ(folder.options({"why"}).value().source, "system");
  folder.write("user", "source = 'user'\n");
  EXPECT_EQ(folder.options({"why"}).value().source, "user");
  folder.write("project", "source = 'project'\n");
  EXPECT_EQ(folder.options({"why"}).value().source, "project");
  folder.places.environment = {{"CULPRIT_SOURCE", "variable"}};
  EXPECT_EQ(folder.options({"why"}).value().source, "variable");
  Options typed = folder.options({"why", "-s", "typed"}).value();
  EXPECT_EQ(typed.source, "typed");
  EXPECT_EQ(typed.color, "never");
  EXPECT_EQ(typed.origins.at("color").place, folder.path("system") + ":3");
}

TEST(Settings, AVerbsOwnTableWinsInItsFile) {
  Folder folder;
  folder.write("user", "[why]\nformat = 'md'\n[sql]\nformat = 'csv'\nmax_rows = 7\n");
  EXPECT_EQ(folder.options({"why"}).value().format, "md");
  EXPECT_EQ(folder.options({"sql"}).value().format, "csv");
  EXPECT_EQ(folder.options({"sql"}).value().max_rows, 7);
  EXPECT_EQ(folder.options({"quality"}).value().format, "text");
  EXPECT_EQ(folder.options({"why", "--json"}).value().format, "json");
}

TEST(Settings, AFormatThatAVerbHasNotIsForTheOthers) {
  Folder folder;
  folder.places.environment = {{"CULPRIT_FORMAT", "csv"}};
  EXPECT_EQ(folder.options({"sql"}).value().format, "csv");
  EXPECT_EQ(folder.options({"why"}).value().format, "text");
  folder.places.environment = {{"CULPRIT_FORMAT", "csw"}};
  EXPECT_EQ(folder.mistake(), "CULPRIT_FORMAT: --format: there is no format 'csw'; one of text, json, md, html");
}

TEST(Settings, ListsAndSwitches) {
  Folder folder;
  folder.write("user", "fail-on = ['any', 'lock_wait']\nask = true\n");
  EXPECT_EQ(folder.options({"why"}).value().fail_on, (std::vector<std::string>{"any", "lock_wait"}));
  EXPECT_EQ(folder.options({"why", "--fail-on", "n_plus_one"}).value().fail_on, std::vector<std::string>{"n_plus_one"});
  EXPECT_EQ(folder.options({"why"}).value().ask, "");
  folder.write("user", "ask = false\n");
  EXPECT_FALSE(folder.options({"why"}).value().ask.has_value());
}

TEST(Settings, MistakesSayWhere) {
  Folder folder;
  folder.write("user", "\nformt = 'json'\n");
  EXPECT_EQ(folder.mistake(), "/user:2: there is no setting 'formt'; did you mean 'format'?");
  folder.write("user", "[wy]\n");
  EXPECT_EQ(folder.mistake(), "none");  // an empty table sets nothing
  folder.write("user", "[wy]\nformat = 'json'\n");
  EXPECT_EQ(folder.mistake(), "/user:2: [wy] is no verb; did you mean [why]?");
  folder.write("user", "format = ['json']\n");
  EXPECT_EQ(folder.mistake(), "/user:1: format has one value, not a list; format = \"…\"");
  folder.write("user", "color = 'blue'\n");
  EXPECT_EQ(folder.mistake(), "/user:1: --color: there is no color 'blue'; one of auto, always, never");
  folder.write("user", "color = blue\n");
  EXPECT_EQ(folder.mistake().substr(0, 44), "/user: line 1: not a supported value: 'blue'");
}

TEST(Settings, FilesOfOthersAreIgnored) {
  Folder folder;
  folder.write("project", "source = 'project'\n");
  chmod(folder.path("project").c_str(), 0666);
  EXPECT_EQ(folder.options({"why"}).value().source, "");
  chmod(folder.path("project").c_str(), 0644);
  EXPECT_EQ(folder.options({"why"}).value().source, "project");
  folder.places.uid = 0;
  EXPECT_EQ(folder.options({"why"}).value().source, "") << "root looks at no project's file";
  EXPECT_EQ(load_settings(folder.places).value().files.front().state, "ignored for root");
  mkfifo(folder.path("user").c_str(), 0600);
  EXPECT_EQ(load_settings(folder.places).value().files[1].state, "ignored: not a regular file");
}

TEST(Settings, TheConfigIsASettingsFileAgain) {
  Folder folder;
  folder.write("user", "fail-on = ['any']\nsource = \"a \\\"b\\\"\"\n");
  auto settings = load_settings(folder.places).value();
  Options options = folder.options({"why", "--tier", "T0"}).value();
  std::string text = config_text(options, settings);
  EXPECT_NE(text.find("source = \"a \\\"b\\\"\"                  # " + folder.path("user") + ":2\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("tier = \"T0\"                         # command line\n"), std::string::npos) << text;
  EXPECT_NE(text.find("color = \"auto\"                      # default\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# ask                               # not set\n"), std::string::npos) << text;
  folder.write("user", text);
  EXPECT_EQ(folder.mistake(), "none");
  EXPECT_NE(config_text({}, settings).find("fail-on = [\"any\"]"), std::string::npos);
}

}  // namespace
}  // namespace culprit::cli
