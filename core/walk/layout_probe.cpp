#include "core/walk/layout_probe.h"

#include <fmt/format.h>

#include <array>

#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

constexpr int kOldest = 15, kNewest = 18;
constexpr Field kNodeTag{0, 4};
constexpr std::uint64_t kTag13 = 217, kTag14 = 222;

int major_of(std::uint64_t tag) {
  for (int major = kOldest; major <= kNewest; ++major) {
    const VersionProfile* profile = find_profile(major, false);
    if (profile && profile->node_tags[static_cast<std::size_t>(ContextKind::AllocSet)] == tag) return major;
  }
  return 0;
}

// TopMemoryContext alone; few findings are enough to know.
WalkedHeap walk_top(const MemorySource& memory, const VersionProfile& profile, Address top) {
  WalkLimits limits;
  limits.findings = 4;
  WalkedHeap heap;
  WalkRun run(memory, profile, limits, heap);
  WalkedContext context;
  context.at = top;
  context.kind = ContextKind::AllocSet;
  context.name = "TopMemoryContext";
  if (StructView header = run.window.view(top, profile.context.bytes))
    context.mem_allocated = header.get(profile.context.mem_allocated);
  walk_alloc_set(run, context);
  if (context.blocks.empty() && heap.findings.empty()) run.found(top, "TopMemoryContext has no blocks");
  return heap;
}

// The whole tree below it, without a variable that points to it.
WalkedHeap walk_below(const MemorySource& memory, const VersionProfile& profile, Address top) {
  const std::array<Address, 1> roots = {top};
  WalkLimits limits;
  limits.findings = 4;
  return walk_heap(memory, profile, {{}, {}, {}, roots}, limits);
}

}  // namespace

Result<ProbedLayout> probe_layout(const MemorySource& memory, Address top) {
  ByteWindow window(memory);
  const StructView header = window.view(top, kNodeTag.width);
  if (!header) return Error{ErrorCode::NotFound, fmt::format("nothing can be read at {:#x}", top.value)};
  const std::uint64_t tag = header.get(kNodeTag);
  const int major = major_of(tag);
  if (major == 0) {
    const char* old = tag == kTag13   ? ": PostgreSQL 13 is too old"
                      : tag == kTag14 ? ": PostgreSQL 14 is too old"
                                      : ", no memory context of PostgreSQL 15 to 18";
    return Error{ErrorCode::Unsupported,
                 fmt::format("what lies at {:#x} has node tag {}{}; 15 to 18 are known", top.value, tag, old)};
  }
  const VersionProfile &plain = *find_profile(major, false), &checking = *find_profile(major, true);
  WalkedHeap as_plain = walk_top(memory, plain, top), as_checking = walk_top(memory, checking, top);
  // Without a chunk in it, both fit; what hangs below decides.
  if (as_plain.findings.empty() && as_checking.findings.empty()) {
    as_checking = walk_below(memory, checking, top);
    if (as_checking.findings.empty()) as_plain = walk_below(memory, plain, top);
  }
  if (as_plain.findings.empty()) return ProbedLayout{major, false};
  if (as_checking.findings.empty()) return ProbedLayout{major, true};
  return Error{ErrorCode::BadFormat,
               fmt::format("the blocks of PostgreSQL {} at {:#x} fit neither a production build ({}) nor a checking "
                           "build ({})",
                           major, top.value, as_plain.findings[0].what, as_checking.findings[0].what)};
}

}  // namespace palloscope::core
