#include "capture/kernel/hook_list.h"

namespace culprit::capture {

namespace {

constexpr HookInfo kHookList[] = {
#define HOOK(program, part, needed) {#program, #part, needed},
#include "capture/wire/events.inc"
};

}  // namespace

std::span<const HookInfo> hook_list() { return kHookList; }

}  // namespace culprit::capture
