#include "cli/recording_check.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace culprit::cli {

namespace {

RecordingCheck machine(uint32_t uid, bool rights) {
  RecordingCheck check;
  check.kernel = "6.12.1";
  check.machine = "x86_64";
  check.btf = true;
  check.cpus = 4;
  check.uid = uid;
  check.rights = {{"CAP_BPF", "to load", true, rights}, {"CAP_SYS_PTRACE", "to see", false, rights}};
  return check;
}

const Error kDenied{Error::Kind::Denied, "no right to record: CAP_BPF is missing", "sudo"};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(RecordingCheck, NothingIsGrantedWhereNothingIsMissing) {
  RecordingCheck check = machine(0, true);
  check.database_probes = true;
  EXPECT_EQ(granting_command(check), "");
  const std::string text = check_text(check, 100);
  EXPECT_TRUE(text.starts_with("Recording works here.\n")) << text;
  EXPECT_FALSE(has(text, "grant ")) << text;
  EXPECT_TRUE(has(check_json(check), "\"refused\": null"));
}

TEST(RecordingCheck, AUserIsToldTheCommandThatGrants) {
  RecordingCheck check = machine(1000, false);
  check.refused = kDenied;
  EXPECT_TRUE(granting_command(check).starts_with("sudo setcap cap_bpf,"));
  EXPECT_TRUE(has(check_text(check, 100), "missing, needed to load"));
  EXPECT_TRUE(has(check_json(check), "\"right_missing\": true"));
}

// Root without capabilities is in a container: setcap cannot give what the container does not have.
TEST(RecordingCheck, RootWithoutRightsIsToldHowTheContainerGetsThem) {
  RecordingCheck check = machine(0, false);
  check.refused = kDenied;
  EXPECT_TRUE(has(granting_command(check), "--cap-add BPF"));
  check.in_user_namespace = true;
  EXPECT_TRUE(has(granting_command(check), "outside"));
}

TEST(RecordingCheck, WhatIsNoRightHasTheErrorsOwnFix) {
  RecordingCheck check = machine(0, true);
  check.btf = false;
  check.refused = Error{Error::Kind::Unavailable, "the kernel has no BTF", "a kernel with CONFIG_DEBUG_INFO_BTF"};
  EXPECT_EQ(granting_command(check), "a kernel with CONFIG_DEBUG_INFO_BTF");
  EXPECT_TRUE(has(check_text(check, 100), "without BTF"));
  EXPECT_TRUE(has(check_json(check), "\"right_missing\": false"));
}

TEST(RecordingCheck, NoLineIsWiderThanTheTerminal) {
  RecordingCheck check = machine(1000, false);
  check.refused = kDenied;
  check.parts = {{"requests", "requests and answers", CheckedPart::State::Partly, {}}};
  for (int number = 0; number < 12; ++number)
    check.parts[0].hooks.push_back({.name = "hook_" + std::to_string(number),
                                    .state = capture::ProbeState::State::Failed,
                                    .reason = "this kernel has no such tracepoint"});
  for (int width : {60, 80, 120}) {
    const std::string text = check_text(check, width);
    for (std::string_view line : split(text, '\n')) {
      if (has(std::string(line), "setcap")) continue;  // one word, which is copied
      EXPECT_LE(display_width(line), static_cast<size_t>(width)) << line;
    }
  }
}

}  // namespace

}  // namespace culprit::cli
